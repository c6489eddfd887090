package wafv2

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

const balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/0123456789abcdef"

func TestWebACLs(t *testing.T) {
	acct := account.New(account.Options{})
	defer acct.Close()
	acct.Lock()
	service := New(acct, func(arn string) bool { return arn == balancer })
	acl := service.AddWebACL("shop")
	acct.Unlock()
	client := sdk.New(sdk.Options{
		Region: acct.Region, BaseEndpoint: aws.String("http://sandbox"),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  &http.Client{Transport: wire.Transport(wire.NewFront(acct, service.API()))},
	})
	code := func(err error) string {
		var e smithy.APIError
		if errors.As(err, &e) {
			return e.ErrorCode()
		}
		return ""
	}
	protects := func(resource string) string {
		out, err := client.GetWebACLForResource(t.Context(), &sdk.GetWebACLForResourceInput{ResourceArn: &resource})
		switch {
		case err != nil:
			return code(err)
		case out.WebACL == nil:
			return ""
		}
		return *out.WebACL.ARN
	}
	associate := func(resource, acl string) string {
		_, err := client.AssociateWebACL(t.Context(), &sdk.AssociateWebACLInput{ResourceArn: &resource, WebACLArn: &acl})
		return code(err)
	}
	before := protects(balancer)
	refused := []string{associate(balancer, acl+"0"), associate(balancer+"0", acl), protects(balancer + "0"), protects("")}
	associated := associate(balancer, acl)
	during := protects(balancer)
	if _, err := client.DisassociateWebACL(t.Context(), &sdk.DisassociateWebACLInput{ResourceArn: aws.String(balancer)}); err != nil {
		t.Fatal(err)
	}
	got := []any{before, refused, associated, during, protects(balancer)}
	want := []any{
		"", []string{"WAFNonexistentItemException", "WAFNonexistentItemException", "WAFNonexistentItemException", "WAFInvalidParameterException"},
		"", acl, "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("before, refused, association, during, after (-want +got):\n%s", diff)
	}
}
