package imds

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/awserr"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		_ = os.Unsetenv(name) // a machine that builds often says that it is no instance
	}
	goleak.VerifyTestMain(m)
}

const document = `{
  "devpayProductCodes" : null, "marketplaceProductCodes" : [ "4i20ezfza3p7xx2kt2g8weu2u" ],
  "availabilityZone" : "us-west-2b", "privateIp" : "10.158.112.84", "version" : "2017-09-30", "instanceId" : "i-1234567890abcdef0",
  "billingProducts" : null, "instanceType" : "t2.micro", "accountId" : "123456789012", "imageId" : "ami-5fb8c835",
  "pendingTime" : "2016-11-19T16:32:11Z", "architecture" : "x86_64", "kernelId" : null, "ramdiskId" : null, "region" : "us-west-2"
}`

func TestIdentity(t *testing.T) {
	s := &service{items: map[string]string{"dynamic/instance-identity/document": document}}
	with(t, s, func(t *testing.T, c *Client) {
		got, err := c.Identity(t.Context())
		want := Identity{
			InstanceID: "i-1234567890abcdef0", Account: "123456789012", Region: "us-west-2", Zone: "us-west-2b", ImageID: "ami-5fb8c835",
			Type: "t2.micro", Architecture: "x86_64", PrivateIP: "10.158.112.84", Launched: time.Date(2016, 11, 19, 16, 32, 11, 0, time.UTC),
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	if diff := cmp.Diff([]string{"PUT /latest/api/token", "GET /latest/dynamic/instance-identity/document"}, s.asked); diff != "" {
		t.Error(diff)
	}
}

func TestTags(t *testing.T) {
	s := &service{items: map[string]string{
		"meta-data/tags/instance":                           "Name\naws:autoscaling:groupName\nbluegreen:app\nempty\nwas-removed\na+b=c.d,e_f@g\na b",
		"meta-data/tags/instance/Name":                      "shop blue ☂",
		"meta-data/tags/instance/aws:autoscaling:groupName": "shop-blue-asg",
		"meta-data/tags/instance/bluegreen:app":             " shop\n",
		"meta-data/tags/instance/empty":                     "",
		"meta-data/tags/instance/a+b=c.d,e_f@g":             "odd",
		"meta-data/tags/instance/a b":                       "odd, too",
	}}
	with(t, s, func(t *testing.T, c *Client) {
		got, err := c.Tags(t.Context())
		want := map[string]string{
			"Name": "shop blue ☂", "aws:autoscaling:groupName": "shop-blue-asg", "bluegreen:app": " shop\n", "empty": "",
			"a+b=c.d,e_f@g": "odd", "a b": "odd, too",
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestNoTags(t *testing.T) {
	with(t, &service{items: map[string]string{"meta-data/tags/instance": ""}}, func(t *testing.T, c *Client) {
		if got, err := c.Tags(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("an instance without tags has %v, %v", got, err)
		}
	})
	with(t, &service{}, func(t *testing.T, c *Client) {
		got, err := c.Tags(t.Context())
		if got != nil || !errors.Is(err, awserr.ErrNotFound) || awserr.Transient(err) || err.Error() != "ask the metadata service for tags/instance: not found" {
			t.Errorf("an instance whose tags are not in its metadata has %v, %v", got, err)
		}
	})
}

// items calls everything that can be asked.
func items(ctx context.Context, c *Client) map[string]error {
	_, identity := c.Identity(ctx)
	_, tags := c.Tags(ctx)
	_, target := c.Target(ctx)
	_, _, interruption := c.Interruption(ctx)
	_, _, rebalance := c.Rebalance(ctx)
	return map[string]error{"identity": identity, "tags": tags, "target": target, "interruption": interruption, "rebalance": rebalance}
}

// A service that cannot be asked is not one that has nothing to say.
func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		service service
		kind    error
		within  time.Duration
		says    string
	}{
		"refused":                   {service{fault: refused}, awserr.ErrUnreachable, 3 * time.Second, "connection refused"},
		"hanging":                   {service{fault: hang}, awserr.ErrUnreachable, 6 * time.Second, "deadline exceeded"},
		"no tokens":                 {service{tokens: "403 Forbidden"}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 403"},
		"version 1 only":            {service{tokens: "404 Not Found"}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 404"},
		"bad request":               {service{tokens: "400 Bad Request"}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 400"},
		"broken tokens":             {service{tokens: "500 Broken"}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 500"},
		"broken":                    {service{status: 503}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 503"},
		"forbidden":                 {service{status: 403}, awserr.ErrDenied, time.Second, "not allowed"},
		"no token is ever accepted": {service{status: 401}, awserr.ErrUnreachable, 3 * time.Second, "StatusCode: 401"},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, &c.service, func(t *testing.T, client *Client) {
				begun := time.Now()
				for item, err := range items(t.Context(), client) {
					got := kind(err, awserr.ErrNotFound, awserr.ErrDenied, awserr.ErrUnreachable)
					if !errors.Is(got, c.kind) || !strings.HasPrefix(err.Error(), "ask the metadata service for ") || !strings.Contains(err.Error(), c.says) {
						t.Errorf("%s: %v", item, err)
					}
				}
				if took := time.Since(begun); took > 5*c.within {
					t.Errorf("five items took %s", took)
				}
			})
		})
	}
}

// A call that its caller gave up says nothing of the service.
func TestGivenUp(t *testing.T) {
	with(t, &service{fault: hang}, func(t *testing.T, c *Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for item, err := range items(ctx, c) {
			if err == nil || awserr.Transient(err) || errors.Is(err, awserr.ErrNotFound) {
				t.Errorf("%s: %v", item, err)
			}
		}
	})
}

// The service may be away for a while, and lose its tokens.
func TestServiceComesBack(t *testing.T) {
	s := &service{items: map[string]string{"meta-data/autoscaling/target-lifecycle-state": "InService"}}
	with(t, s, func(t *testing.T, c *Client) {
		want := func(when string, wanted Target, reachable bool) {
			t.Helper()
			got, err := c.Target(t.Context())
			if got != wanted || (err == nil) != reachable {
				t.Errorf("%s: %q, %v", when, got, err)
			}
		}
		want("at first", InService, true)
		s.fault = refused
		want("while it is away", NeverSet, false)
		s.fault = nil
		want("when it is back", InService, true)
		s.token = 1000
		want("when it has forgotten its tokens", InService, true)
		s.fault = refused
		time.Sleep(time.Hour)
		want("away when the token has expired", NeverSet, false)
		s.fault = nil
		want("back with an expired token", InService, true)
		failures := 0
		s.fault = func(r *http.Request) error {
			if failures++; failures < attempts {
				return refused(r)
			}
			return nil
		}
		want("with two failures", InService, true)
	})
}

// The endpoint is that of the options, or of the environment.
func TestEndpoint(t *testing.T) {
	s := &service{items: map[string]string{"meta-data/autoscaling/target-lifecycle-state": "Terminated"}}
	server := httptest.NewServer(http.HandlerFunc(s.answer))
	defer server.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	if got, err := New(Options{}).Target(t.Context()); got != Terminated || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	if got, err := New(Options{Endpoint: server.URL}).Target(t.Context()); got != Terminated || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestNoProxy(t *testing.T) {
	if direct().GetTransport().Proxy != nil {
		t.Error("a proxy may be asked")
	}
}

// Who says that there is no metadata service is believed.
func TestDisabled(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s := &service{}
	if _, err := New(Options{HTTP: s}).Target(t.Context()); !errors.Is(err, awserr.ErrUnreachable) || !strings.Contains(err.Error(), "AWS_EC2_METADATA_DISABLED") || len(s.asked) != 0 {
		t.Errorf("%v after %v", err, s.asked)
	}
}

func TestEndpointModes(t *testing.T) {
	for mode, host := range map[string]string{"": "169.254.169.254", "IPv4": "169.254.169.254", "ipv6": "[fd00:ec2::254]", "?": "169.254.169.254"} {
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", mode)
		s := &service{fault: func(r *http.Request) error {
			if r.URL.Host != host {
				t.Errorf("mode %q asks %s, want %s", mode, r.URL.Host, host)
			}
			return nil
		}}
		if _, err := New(Options{HTTP: s}).Target(t.Context()); err != nil || len(s.asked) == 0 {
			t.Error(err)
		}
	}
}
