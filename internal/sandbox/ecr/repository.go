package ecr

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// repository is a named set of images.
type repository struct {
	types.Repository
	images map[string]*image // by digest
	tags   map[string]string // digests by tag
}

func (r *repository) name() string { return *r.RepositoryName }

func (r *repository) immutable() bool {
	return r.ImageTagMutability == types.ImageTagMutabilityImmutable
}

var repositoryForm = pattern.Lazy(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func (s *Service) createRepository(_ context.Context, in *sdk.CreateRepositoryInput) (*sdk.CreateRepositoryOutput, error) {
	name := aws.ToString(in.RepositoryName)
	if len(name) < 2 || len(name) > 256 || !repositoryForm().MatchString(name) {
		return nil, invalid("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '%s''", repositoryForm())
	}
	if err := checkMutability(in.ImageTagMutability); err != nil {
		return nil, err
	}
	if s.repositories[name] != nil {
		return nil, wire.Errorf("RepositoryAlreadyExistsException",
			"The repository with name '%s' already exists in the registry with id '%s'", name, s.acct.ID)
	}
	r := s.addRepository(name)
	if in.ImageTagMutability != "" {
		r.ImageTagMutability = in.ImageTagMutability
	}
	if in.ImageScanningConfiguration != nil {
		r.ImageScanningConfiguration = in.ImageScanningConfiguration
	}
	if in.EncryptionConfiguration != nil {
		r.EncryptionConfiguration = in.EncryptionConfiguration
	}
	return &sdk.CreateRepositoryOutput{Repository: &r.Repository}, nil
}

func (s *Service) addRepository(name string) *repository {
	r := &repository{images: map[string]*image{}, tags: map[string]string{}}
	r.Repository = types.Repository{
		RegistryId: aws.String(s.acct.ID), RepositoryName: aws.String(name),
		RepositoryArn: aws.String(s.acct.ARN("ecr", "repository/"+name)), RepositoryUri: aws.String(s.Host() + "/" + name),
		CreatedAt: aws.Time(s.acct.Now()), ImageTagMutability: types.ImageTagMutabilityMutable,
		ImageScanningConfiguration: &types.ImageScanningConfiguration{},
		EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256},
	}
	s.repositories[name] = r
	return r
}

// checkMutability refuses, beside what is no word of ECR, the exclusions by which single tags are exempted.
func checkMutability(m types.ImageTagMutability) error {
	switch m {
	case "", types.ImageTagMutabilityMutable, types.ImageTagMutabilityImmutable:
		return nil
	}
	return invalid("Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum value set: [MUTABLE, IMMUTABLE]'")
}

// find looks a repository up that a request names.
func (s *Service) find(registryID, name *string) (*repository, error) {
	if id := aws.ToString(registryID); id != "" && id != s.acct.ID {
		return nil, unknownRepository(aws.ToString(name), id)
	}
	r, ok := s.repositories[aws.ToString(name)]
	if !ok {
		return nil, unknownRepository(aws.ToString(name), s.acct.ID)
	}
	return r, nil
}

func unknownRepository(name, registryID string) *wire.Error {
	return wire.Errorf("RepositoryNotFoundException",
		"The repository with name '%s' does not exist in the registry with id '%s'", name, registryID)
}

func (s *Service) describeRepositories(_ context.Context, in *sdk.DescribeRepositoriesInput) (*sdk.DescribeRepositoriesOutput, error) {
	names := slices.Sorted(maps.Keys(s.repositories))
	if len(in.RepositoryNames) > 0 {
		names = in.RepositoryNames
	}
	names, next, err := page(names, in.MaxResults, in.NextToken, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeRepositoriesOutput{Repositories: []types.Repository{}, NextToken: next}
	for _, name := range names {
		r, err := s.find(in.RegistryId, &name)
		if err != nil {
			return nil, err
		}
		out.Repositories = append(out.Repositories, r.Repository)
	}
	return out, nil
}

func (s *Service) deleteRepository(_ context.Context, in *sdk.DeleteRepositoryInput) (*sdk.DeleteRepositoryOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if len(r.images) > 0 && !in.Force {
		return nil, wire.Errorf("RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", r.name(), s.acct.ID)
	}
	delete(s.repositories, r.name())
	s.layers.drop(r.name())
	return &sdk.DeleteRepositoryOutput{Repository: &r.Repository}, nil
}

func (s *Service) putImageTagMutability(_ context.Context, in *sdk.PutImageTagMutabilityInput) (*sdk.PutImageTagMutabilityOutput, error) {
	r, err := s.find(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := checkMutability(in.ImageTagMutability); err != nil {
		return nil, err
	}
	r.ImageTagMutability = in.ImageTagMutability
	return &sdk.PutImageTagMutabilityOutput{
		RegistryId: r.RegistryId, RepositoryName: r.RepositoryName, ImageTagMutability: r.ImageTagMutability,
	}, nil
}
