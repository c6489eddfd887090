package ssm

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/wire"
)

// client is the SDK's client of a service.
func client(s *Service) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: s.acct.Region, BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  &http.Client{Transport: wire.Transport(wire.NewFront(s.acct, s.API()))},
	})
}

func TestThroughTheSDK(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		ctx, c := t.Context(), client(s)
		for i := range 12 {
			out, err := c.PutParameter(ctx, &sdk.PutParameterInput{
				Name: aws.String(fmt.Sprintf("/app/%02d", i)), Value: aws.String("v"), Type: types.ParameterTypeString,
			})
			if err != nil || out.Version != 1 || out.Tier != types.ParameterTierStandard {
				t.Fatalf("put: %v, %v", out, err)
			}
		}
		pages := sdk.NewGetParametersByPathPaginator(c, &sdk.GetParametersByPathInput{Path: aws.String("/app")})
		var sizes []int
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(page.Parameters))
		}
		if diff := cmp.Diff([]int{10, 2}, sizes); diff != "" {
			t.Error(diff)
		}
		got, err := c.GetParameter(ctx, &sdk.GetParameterInput{Name: aws.String("/app/03:1")})
		if err != nil {
			t.Fatal(err)
		}
		want := &types.Parameter{
			ARN: aws.String(arnPrefix + "/app/03"), Name: aws.String("/app/03"), Type: "String", DataType: aws.String("text"),
			Value: aws.String("v"), Version: 1, Selector: aws.String(":1"), LastModifiedDate: aws.Time(time.Now().UTC()),
		}
		if diff := cmp.Diff(want, got.Parameter, exported); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRefusalsThroughTheSDK(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		ctx, c := t.Context(), client(s)
		put(t, s, input("/there", "v"))

		_, err := c.PutParameter(ctx, input("/there", "v"))
		if exists := new(types.ParameterAlreadyExists); !errors.As(err, &exists) {
			t.Errorf("put again: %v", err)
		}
		_, err = c.GetParameter(ctx, &sdk.GetParameterInput{Name: aws.String("/nothing")})
		if missing := new(types.ParameterNotFound); !errors.As(err, &missing) {
			t.Errorf("get: %v", err)
		}
		_, err = c.GetParameter(ctx, &sdk.GetParameterInput{Name: aws.String("/there:2")})
		if missing := new(types.ParameterVersionNotFound); !errors.As(err, &missing) {
			t.Errorf("get a version: %v", err)
		}
		s.SetLimits(Limits{Put: 1})
		over := input("/there", "v")
		over.Overwrite = aws.Bool(true)
		_, _ = c.PutParameter(ctx, over)
		_, err = c.PutParameter(ctx, over)
		if throttled := new(types.ThrottlingException); !errors.As(err, &throttled) {
			t.Errorf("put too often: %v", err)
		}
	})
}
