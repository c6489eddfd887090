package sandbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"

	"bluegreen/internal/sandbox/fabric"
)

// The ports of what stands beside the APIs.
const (
	RegistryPort      = 443  // of the registry, with TLS
	RegistryOtherPort = 8443 // where 443 is for the superuser only
	RegistryPlainPort = 5000 // of the registry, without TLS
	MetadataPort      = 1338 // of an instance's metadata service, at the instance's address
)

// RegistryAddresses is where the registry listens.
type RegistryAddresses struct {
	Host  string         // by which clients have to call it, in references and towards TLS
	TLS   netip.AddrPort // what Host has to resolve to
	Plain netip.AddrPort // the same registry without TLS, under whatever name
}

const registryServer, plainRegistryServer = "registry with TLS", "registry"

// ServeRegistry makes the registry listen; asked again, it says where. The account must not be locked.
func (s *Sandbox) ServeRegistry() (RegistryAddresses, error) {
	s.registryOnce.Do(func() { s.registry, s.registryErr = s.listenForImages() })
	return s.registry, s.registryErr
}

func (s *Sandbox) listenForImages() (RegistryAddresses, error) {
	addr := s.Fabric.Next(fabric.API)
	secure, port, err := s.listenPrivileged(addr, RegistryPort, RegistryOtherPort)
	if err != nil {
		return RegistryAddresses{}, fmt.Errorf("listen for pulls: %w", err)
	}
	plain, err := s.Fabric.Listen(netip.AddrPortFrom(addr, RegistryPlainPort).String())
	if err != nil {
		return RegistryAddresses{}, errors.Join(fmt.Errorf("listen for pulls without TLS: %w", err), secure.Close())
	}
	handler := s.Registry()
	s.beside.start(registryServer, tls.NewListener(secure, s.ca.Config()), handler)
	s.beside.start(plainRegistryServer, plain, handler)
	return RegistryAddresses{
		Host: s.Images.Host(), TLS: netip.AddrPortFrom(addr, port), Plain: netip.AddrPortFrom(addr, RegistryPlainPort),
	}, nil
}

// listenPrivileged listens on a port that not everybody may use, or else on another.
func (s *Sandbox) listenPrivileged(addr netip.Addr, port, other uint16) (net.Listener, uint16, error) {
	listener, err := s.Fabric.Listen(netip.AddrPortFrom(addr, port).String())
	if errors.Is(err, os.ErrPermission) {
		port = other
		listener, err = s.Fabric.Listen(netip.AddrPortFrom(addr, port).String())
	}
	return listener, port, err
}

// Registry is the container registry, under the knobs of the front. It takes pushes and pulls by whatever name.
func (s *Sandbox) Registry() http.Handler { return s.Front.Beside(s.Images.Registry()) }

// TLSConfig is how a server of this sandbox speaks TLS: it has a certificate for whatever name it is called by, issued by
// the authority of CAPEM.
func (s *Sandbox) TLSConfig() *tls.Config { return s.ca.Config() }

// CAPEM is the certificate of the authority that clients of load balancers and of the registry have to trust.
func (s *Sandbox) CAPEM() []byte { return s.ca.PEM() }

// IMDS is the metadata service of an instance, under the knobs of the front.
func (s *Sandbox) IMDS(instanceID string) http.Handler {
	return s.Front.Beside(s.Metadata.Handler(instanceID))
}

// IMDSBehind is IMDS as seen by a container on the instance that is so many network hops away.
func (s *Sandbox) IMDSBehind(instanceID string, hops int) http.Handler {
	return s.Front.Beside(s.Metadata.HandlerBehind(instanceID, hops))
}

func metadataServer(instanceID string) string { return "metadata of " + instanceID }

// ServeIMDS makes an instance's metadata service listen until the instance is terminated, and returns its URL, for
// AWS_EC2_METADATA_SERVICE_ENDPOINT. The account must not be locked.
func (s *Sandbox) ServeIMDS(instanceID string) (endpoint string, err error) {
	s.Account.Lock()
	instance, ok := s.EC2.Metadata(instanceID)
	s.Account.Unlock()
	if !ok || !instance.On {
		return "", fmt.Errorf("serve metadata: instance %s is not running", instanceID)
	}
	at := netip.AddrPortFrom(instance.Addr, MetadataPort).String()
	if s.beside.running(metadataServer(instanceID)) {
		return "http://" + at, nil
	}
	listener, err := s.Fabric.Listen(at)
	switch {
	case err == nil:
		s.beside.start(metadataServer(instanceID), listener, s.IMDS(instanceID))
	case !s.beside.running(metadataServer(instanceID)): // or else somebody has asked at the same time
		return "", fmt.Errorf("serve the metadata of %s: %w", instanceID, err)
	}
	return "http://" + at, nil
}
