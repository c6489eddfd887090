package session

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"bluegreen/internal/aws/call"
)

// transport is that of all calls, with the certificates of AWS_CA_BUNDLE in place of the system's.
func (o Options) transport(env config.EnvConfig) (aws.HTTPClient, error) {
	if o.HTTP != nil {
		return &http.Client{Transport: o.HTTP}, nil
	}
	client := call.Transport()
	if env.CustomCABundle == "" {
		return client, nil
	}
	bundle, err := os.ReadFile(env.CustomCABundle)
	if err != nil {
		return nil, fmt.Errorf("read AWS_CA_BUNDLE: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("read AWS_CA_BUNDLE: there is no certificate in %s", env.CustomCABundle)
	}
	return client.WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{}
		}
		t.TLSClientConfig.RootCAs = roots
	}), nil
}
