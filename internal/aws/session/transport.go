package session

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// No answer of AWS that we wait for takes longer than this; a network that swallows packets does.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 20 * time.Second
)

// transport is the SDK's own one with shorter timeouts, and with the certificates of AWS_CA_BUNDLE in place of the system's.
func (o Options) transport(env config.EnvConfig) (aws.HTTPClient, error) {
	if o.HTTP != nil {
		return &http.Client{Transport: o.HTTP}, nil
	}
	client := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout })
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
