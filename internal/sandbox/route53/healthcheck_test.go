package route53_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

func TestHealthChecks(t *testing.T) {
	x := newSandbox(t, instant())
	create := func(reference string, config types.HealthCheckConfig) (string, error) {
		out, err := x.client.CreateHealthCheck(t.Context(), &sdk.CreateHealthCheckInput{CallerReference: &reference, HealthCheckConfig: &config})
		if err != nil {
			return "", err
		}
		return *out.HealthCheck.Id, nil
	}
	web := types.HealthCheckConfig{
		Type: types.HealthCheckTypeHttp, FullyQualifiedDomainName: aws.String("app.example.test"), ResourcePath: aws.String("/health"),
		Regions: []types.HealthCheckRegion{types.HealthCheckRegionEuWest1, types.HealthCheckRegionUsEast1, types.HealthCheckRegionUsWest2},
	}
	check, err := create("1", web)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := create("1", web); err != nil || again != check {
		t.Errorf("the same request again made %s, %v", again, err)
	}
	other := web
	other.ResourcePath = aws.String("/other")
	if _, err := create("1", other); !strings.HasPrefix(refusal(err), "HealthCheckAlreadyExists: ") {
		t.Errorf("other settings under one caller reference: %v", err)
	}

	id := x.zone("example.test")
	blueCheck := "app.example.test A id=blue weight=255 check=" + check + " alias=blue.elb.test"
	x.mustChange(id, "CREATE "+blueCheck, "CREATE "+green)
	want := []string{
		"app.example.test. A id=blue weight=255 check=" + check + " alias=blue.elb.test.", "app.example.test. A id=green weight=0 alias=green.elb.test. eth",
	}
	if diff := cmp.Diff(want, x.list(id)); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
	_, err = x.change(id, "DELETE app.example.test A id=blue weight=255 alias=blue.elb.test")
	if !strings.Contains(refusal(err), "but the values provided do not match the current values") {
		t.Errorf("DELETE without the health check: %v", err)
	}

	state := func(healthy bool) []string {
		x.account.Lock()
		if !x.service.SetHealthy(check, healthy) {
			t.Error("the check is gone")
		}
		x.account.Unlock()
		out, err := x.client.GetHealthCheckStatus(t.Context(), &sdk.GetHealthCheckStatusInput{HealthCheckId: &check})
		if err != nil {
			t.Fatal(err)
		}
		lines := []string{x.ask(0, "app.example.test", dns.TypeA)[0][:len("127.20.16")]}
		for _, o := range out.HealthCheckObservations {
			lines = append(lines, string(o.Region)+" "+*o.StatusReport.Status)
		}
		return lines
	}
	const good, bad = " Success: the endpoint is healthy", " Failure: the endpoint is not healthy"
	got := [][]string{state(true), state(false)}
	wantStates := [][]string{
		{"127.20.16", "eu-west-1" + good, "us-east-1" + good, "us-west-2" + good},
		{"127.20.17", "eu-west-1" + bad, "us-east-1" + bad, "us-west-2" + bad},
	}
	if diff := cmp.Diff(wantStates, got); diff != "" {
		t.Errorf("healthy and not: who answers, and what the checkers see (-want +got):\n%s", diff)
	}

	_, err = x.client.GetHealthCheckStatus(t.Context(), &sdk.GetHealthCheckStatusInput{HealthCheckId: aws.String("none")})
	if got, want := refusal(err), "NoSuchHealthCheck: No health check exists with the specified ID: none"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHealthCheckAndTargetHealth needs both for an alias to be healthy.
func TestHealthCheckAndTargetHealth(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	config := &types.HealthCheckConfig{Type: types.HealthCheckTypeCloudwatchMetric, Inverted: aws.Bool(true)}
	out, err := x.client.CreateHealthCheck(t.Context(), &sdk.CreateHealthCheckInput{CallerReference: aws.String("1"), HealthCheckConfig: config})
	if err != nil {
		t.Fatal(err)
	}
	check := *out.HealthCheck.Id
	x.mustChange(id, "CREATE app.example.test A id=blue weight=255 check="+check+" alias=blue.elb.test eth", "CREATE "+green)
	got := map[[2]bool]string{}
	for _, checked := range []bool{true, false} {
		for _, target := range []bool{true, false} {
			x.account.Lock()
			x.service.SetHealthy(check, !checked) // the check is inverted
			x.account.Unlock()
			b := x.balancers["blue"]
			b.Healthy = target
			x.balancers["blue"] = b
			got[[2]bool{checked, target}] = x.ask(0, "app.example.test", dns.TypeA)[0][:len("127.20.16")]
		}
	}
	want := map[[2]bool]string{{true, true}: "127.20.16", {true, false}: "127.20.17", {false, true}: "127.20.17", {false, false}: "127.20.17"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who answers by health check and target (-want +got):\n%s", diff)
	}
}
