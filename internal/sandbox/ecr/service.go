// Package ecr is the sandbox's Elastic Container Registry: the API by which repositories are made and tokens are given, and
// the registry itself, which takes and gives images to those who show a token. Manifests are the account's and stand under
// its lock; layers, which are large, have a store of their own.
package ecr

import (
	"fmt"
	"net/http"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Service is ECR in one account. The account must be locked around its operations and methods, unless they say otherwise.
type Service struct {
	acct         *account.Account
	repositories map[string]*repository // by name
	tokens       *tokens
	layers       *layers
	uploads      http.Handler
}

// New makes a registry without repositories.
func New(acct *account.Account) *Service {
	stored := newLayers()
	return &Service{
		acct: acct, repositories: map[string]*repository{}, tokens: newTokens(acct), layers: stored, uploads: newUploads(stored),
	}
}

// Host is the name of the registry, which every reference to its images begins with.
func (s *Service) Host() string { return s.host(s.acct.ID) }

func (s *Service) host(registryID string) string {
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com", registryID, s.acct.Region)
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "ecr",
		Version:     "2015-09-21",
		Target:      "AmazonEC2ContainerRegistry_V20150921",
		LowerCase:   true,
		Protocols:   []wire.Protocol{wire.JSON},
		Operations: []wire.Operation{
			wire.Op("GetAuthorizationToken", s.getAuthorizationToken),
			wire.Op("CreateRepository", s.createRepository),
			wire.Op("DescribeRepositories", s.describeRepositories),
			wire.Op("DeleteRepository", s.deleteRepository),
			wire.Op("PutImageTagMutability", s.putImageTagMutability),
			wire.Op("PutImage", s.putImage),
			wire.Op("DescribeImages", s.describeImages),
			wire.Op("ListImages", s.listImages),
			wire.Op("BatchGetImage", s.batchGetImage),
			wire.Op("BatchDeleteImage", s.batchDeleteImage),
			wire.Op("DescribeImageScanFindings", s.describeImageScanFindings),
		},
	}
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}
