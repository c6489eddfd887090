package imds_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/imds"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = "i-0123456789abcdef0"

// world is an account with one instance, of which tests change what they like, and a client on it.
type world struct {
	t        *testing.T
	ctx      context.Context
	acct     *account.Account
	front    *wire.Front
	imds     *imds.Service
	instance imds.Instance
	target   string // in Auto Scaling; "" outside
	ended    string // what an interruption did
	client   *http.Client
	token    string
}

// in runs a test in a world of its own, in a bubble of its own time.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, ctx: t.Context(), acct: account.New(account.Options{})}
		defer w.acct.Close()
		w.instance = imds.Instance{
			ID: id, ReservationID: "r-0123456789abcdef0", Index: 2, ImageID: "ami-1", Type: "t3.small", Architecture: "x86_64", Zone: "eu-west-1a",
			SubnetID: "subnet-1", VPCID: "vpc-1", Addr: netip.MustParseAddr("127.1.128.7"), Hostname: "ip-127-1-128-7.eu-west-1.compute.internal",
			SecurityGroups: []string{"app", "ssh"}, Profile: "arn:aws:iam::123456789012:instance-profile/team/shop", ProfileID: "AIPA1",
			Lifecycle: "on-demand", Launched: time.Now(), Tags: map[string]string{"Name": "shop", "aws:autoscaling:groupName": "shop-blue"},
			UserData: "#cloud-config\n", On: true, Endpoint: true, TokensRequired: true, HopLimit: 1, TagsAllowed: true,
		}
		w.imds = imds.New(imds.Options{
			Account:     w.acct,
			Instance:    func(asked string) (imds.Instance, bool) { return w.instance, asked == id },
			TargetState: func(string) (string, bool) { return w.target, w.target != "" },
			Interrupt:   func(_, action string) { w.ended = action },
		})
		w.front = wire.NewFront(w.acct)
		w.client = &http.Client{Transport: wire.Transport(w.front.Beside(w.imds.Handler(id)))}
		test(w)
	})
}

func (w *world) locked(do func()) {
	w.acct.Lock()
	defer w.acct.Unlock()
	do()
}

// must is for what is done with the account locked and has to succeed.
func (w *world) must(do func() error) {
	w.t.Helper()
	w.locked(func() {
		if err := do(); err != nil {
			w.t.Fatal(err)
		}
	})
}

type reply struct {
	Status int
	Body   string
}

// ask sends a request; header are names and values.
func (w *world) ask(method, path string, header ...string) (reply, http.Header, error) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, "http://169.254.169.254"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return reply{}, nil, err
	}
	body, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, string(body)}, answer.Header, err
}

// get reads with a token, and tells of errors the status only.
func (w *world) get(path string) reply {
	w.t.Helper()
	if w.token == "" {
		w.token = w.newToken("21600")
	}
	got, _, err := w.ask("GET", path, "X-aws-ec2-metadata-token", w.token)
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Status != 200 {
		got.Body = ""
	}
	return got
}

func (w *world) newToken(ttl string) string {
	w.t.Helper()
	got, _, err := w.ask("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", ttl)
	if err != nil || got.Status != 200 {
		w.t.Fatalf("token: %+v, %v", got, err)
	}
	return got.Body
}

// sdk is the SDK's client, as our programs use it.
func (w *world) sdk() *sdk.Client {
	return sdk.New(sdk.Options{HTTPClient: w.client, EnableFallback: aws.FalseTernary, Retryer: aws.NopRetryer{}})
}
