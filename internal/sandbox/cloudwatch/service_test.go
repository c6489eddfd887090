package cloudwatch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/metrics"
	"bluegreen/internal/sandbox/wire"
)

// bench is a service an hour after midnight, with the clock of a synctest bubble.
type bench struct {
	*Service
	midnight time.Time
}

// inBubble runs a test on a fresh service.
func inBubble(t *testing.T, o metrics.Options, test func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		b := &bench{New(acct, metrics.New(o)), acct.Now()}
		time.Sleep(time.Hour) // of the bubble
		test(t, b)
	})
}

// at is so many seconds after midnight.
func (b *bench) at(seconds int) time.Time {
	return b.midnight.Add(time.Duration(seconds) * time.Second)
}

func (b *bench) ptr(seconds int) *time.Time { return aws.Time(b.at(seconds)) }

const namespace = "AWS/ApplicationELB"

var blue = map[string]string{"LoadBalancer": "app/blue/1"}

// record adds values of a metric of the blue load balancer.
func (b *bench) record(name string, second int, values ...float64) {
	for _, v := range values {
		b.store.Record(namespace, name, blue, b.at(second), v)
	}
}

// code is the code of a refusal, "" for none.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is not an error that a client understands", err)
	}
	return refusal.Code
}

func dims(pairs ...string) []types.Dimension {
	var list []types.Dimension
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Dimension{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}
