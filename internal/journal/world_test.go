package journal

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/params"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ssm"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/step"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	app = "shop"
	run = "20260101-000000-abcdef"
)

// cloud is an account with a Parameter Store, and the product's client of it.
type cloud struct {
	front  *wire.Front
	store  *ssm.Service
	acct   *account.Account
	client *params.Client
}

// inCloud runs a test on an empty Parameter Store with its default quotas, in a synctest bubble.
func inCloud(t *testing.T, test func(t *testing.T, c *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{acct: account.New(account.Options{})}
		defer c.acct.Close()
		c.acct.Lock()
		c.store = ssm.New(c.acct)
		c.store.SetLimits(ssm.DefaultLimits)
		c.acct.Unlock()
		c.front = wire.NewFront(c.acct, c.store.API())
		c.client = params.New(aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"),
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
			HTTPClient:  &http.Client{Transport: wire.Transport(c.front)},
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 9 })
			},
		})
		test(t, c)
	})
}

// record is one of the run; what it says is its state, of any size.
func record(epoch int64, seq int, says string) step.Record {
	state, err := json.Marshal(says)
	if err != nil {
		panic(err)
	}
	return step.Record{
		Version: step.RecordVersion, Run: run, Workflow: "cutover", Epoch: epoch, Seq: seq, Phase: step.Running,
		Time:  time.Date(2026, 1, 1, 12, 0, seq, 987654321, time.UTC),
		Steps: map[string]step.Status{"pin": step.Done, "shift-1": step.Doing}, State: state,
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
