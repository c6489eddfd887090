package sts

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

func TestGetCallerIdentity(t *testing.T) {
	acct := account.New(account.Options{ID: "210987654321"})
	defer acct.Close()
	acct.Lock()
	service := New(acct)
	acct.Unlock()
	client := sdk.New(sdk.Options{
		Region: acct.Region, BaseEndpoint: aws.String("http://sandbox"),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  &http.Client{Transport: wire.Transport(wire.NewFront(acct, service.API()))},
	})
	type identity struct{ Account, ARN, User string }
	var got []identity
	for range 2 {
		out, err := client.GetCallerIdentity(t.Context(), &sdk.GetCallerIdentityInput{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, identity{*out.Account, *out.Arn, *out.UserId})
	}
	user := got[0].User
	if !regexp.MustCompile(`^AIDA[0-9A-F]{17}$`).MatchString(user) {
		t.Errorf("the user's id is %q", user)
	}
	same := identity{"210987654321", "arn:aws:iam::210987654321:user/sandbox", user}
	if diff := cmp.Diff([]identity{same, same}, got); diff != "" {
		t.Error(diff)
	}
}
