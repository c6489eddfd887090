// Package staging puts files into S3 for a machine that has no credentials for it: it gets URLs that are good for a while.
package staging

import (
	"context"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Client calls S3 in one region.
type Client struct {
	api    api
	signer *s3.PresignClient
	cfg    aws.Config
}

// New makes a client.
func New(cfg aws.Config) *Client {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // an endpoint of one's own has no host per bucket
	})
	return &Client{api: client, signer: s3.NewPresignClient(client), cfg: cfg}
}

// In is a client for another region: S3 takes calls for a bucket in the bucket's region only.
func (c *Client) In(region string) *Client {
	cfg := c.cfg.Copy()
	cfg.Region = region
	return New(cfg)
}

// Object is a file in a bucket.
type Object struct {
	Key      string
	Size     int64 // in bytes
	Modified time.Time
}

// Put writes an object, over one that is there. A bucket that does not exist is awserr.ErrNotFound.
func (c *Client) Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error {
	_, err := c.api.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: body})
	return awserr.Wrap(err, "write s3://%s/%s", bucket, key)
}

// MaxLife is how long a URL can be good for. It is good no longer than the credentials that it was signed with.
const MaxLife = 7 * 24 * time.Hour

// Presign makes a URL by which anybody can read an object for a while. It makes no call: the object need not be there yet.
func (c *Client) Presign(ctx context.Context, bucket, key string, life time.Duration) (url string, err error) {
	signed, err := c.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, s3.WithPresignExpires(min(life, MaxLife)))
	if err != nil {
		return "", awserr.Wrap(err, "sign a URL of s3://%s/%s", bucket, key)
	}
	return signed.URL, nil
}

// Delete removes an object; one that is gone already is fine.
func (c *Client) Delete(ctx context.Context, bucket, key string) error {
	_, err := c.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return awserr.Wrap(err, "delete s3://%s/%s", bucket, key)
}

// List lists the objects whose keys begin with a prefix, by key.
func (c *Client) List(ctx context.Context, bucket, prefix string) ([]Object, error) {
	var all []Object
	pages := s3.NewListObjectsV2Paginator(c.api, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list s3://%s/%s", bucket, prefix)
		}
		for _, o := range out.Contents {
			all = append(all, Object{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC()})
		}
	}
	return all, nil
}
