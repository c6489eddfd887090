// Package ssm is the sandbox's Systems Manager: Parameter Store, with versions, hierarchies, tiers, tags and, when asked, its
// quotas on throughput; and Run Command, with the instances whose agents have registered.
package ssm

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Service is Systems Manager in one account and region. The account must be locked around its operations and methods.
type Service struct {
	acct       *account.Account
	region     string
	regions    map[string]*Service   // of all regions in use
	parameters map[string]*parameter // by name
	puts, gets bucket

	fleet    Fleet
	nodes    map[string]*node // by instance
	commands []*command       // oldest first
}

// New makes an empty Parameter Store without limits on throughput, and no instances.
func New(acct *account.Account) *Service {
	s := newService(acct, acct.Region)
	s.regions = map[string]*Service{acct.Region: s}
	return s
}

func newService(acct *account.Account, region string) *Service {
	return &Service{acct: acct, region: region, parameters: map[string]*parameter{}, nodes: map[string]*node{}}
}

// In is the account's Systems Manager in another region, which is there when it is first asked for. Its quotas are its own, and
// it has no instances.
func (s *Service) In(region string) *Service {
	if region == "" {
		return s
	}
	there, ok := s.regions[region]
	if !ok {
		there = newService(s.acct, region)
		there.regions = s.regions
		s.regions[region] = there
	}
	return there
}

// op registers an operation, which takes place in the region that its request was signed for.
func op[In, Out any](home *Service, name string, handle func(*Service, context.Context, *In) (*Out, error)) wire.Operation {
	return wire.Op(name, func(ctx context.Context, in *In) (*Out, error) {
		return handle(home.In(wire.Region(ctx)), ctx, in)
	})
}

// parameter is a name and its versions, oldest first, never none.
type parameter struct {
	name     string
	public   bool // AWS's own: readable, in nobody's lists
	tags     map[string]string
	versions []version
}

// version is a value and all that came with it.
type version struct {
	number      int64
	value       string
	kind        types.ParameterType
	tier        types.ParameterTier
	dataType    string
	keyID       string // of a SecureString
	description *string
	pattern     *string
	modified    time.Time
}

func (p *parameter) latest() *version { return &p.versions[len(p.versions)-1] }

// arn is without an account for AWS's own parameters.
func (s *Service) arn(p *parameter) string {
	arn := s.acct.ARN("ssm", "parameter/"+strings.TrimPrefix(p.name, "/"))
	arn = strings.Replace(arn, s.acct.Region, s.region, 1)
	if p.public {
		arn = strings.Replace(arn, s.acct.ID, "", 1)
	}
	return arn
}

// AddPublic sets one of AWS's own parameters, e.g. the id of its newest image under /aws/service/ami-amazon-linux-latest/.
func (s *Service) AddPublic(name, value string) {
	p, known := s.parameters[name]
	if !known {
		p = &parameter{name: name, public: true}
		s.parameters[name] = p
	}
	next := version{
		number: 1, value: value, kind: types.ParameterTypeString, tier: types.ParameterTierStandard,
		dataType: textData, modified: s.acct.Now(),
	}
	if known {
		next.number = p.latest().number + 1
	}
	p.versions = []version{next}
}

// sorted is all parameters by name.
func (s *Service) sorted() []*parameter {
	list := make([]*parameter, 0, len(s.parameters))
	for _, name := range slices.Sorted(maps.Keys(s.parameters)) {
		list = append(list, s.parameters[name])
	}
	return list
}

// user is who changes everything here.
func (s *Service) user() *string {
	arn := "arn:aws:iam::" + s.acct.ID + ":user/sandbox"
	return &arn
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "ssm",
		Version:     "2014-11-06",
		Target:      "AmazonSSM",
		Protocols:   []wire.Protocol{wire.JSON},
		Operations: []wire.Operation{
			op(s, "PutParameter", (*Service).putParameter),
			op(s, "GetParameter", (*Service).getParameter),
			op(s, "GetParameters", (*Service).getParameters),
			op(s, "GetParametersByPath", (*Service).getParametersByPath),
			op(s, "GetParameterHistory", (*Service).getParameterHistory),
			op(s, "DescribeParameters", (*Service).describeParameters),
			op(s, "DeleteParameter", (*Service).deleteParameter),
			op(s, "DeleteParameters", (*Service).deleteParameters),
			op(s, "AddTagsToResource", (*Service).addTagsToResource),
			op(s, "RemoveTagsFromResource", (*Service).removeTagsFromResource),
			op(s, "ListTagsForResource", (*Service).listTagsForResource),

			op(s, "SendCommand", (*Service).sendCommand),
			op(s, "GetCommandInvocation", (*Service).getCommandInvocation),
			op(s, "ListCommands", (*Service).listCommands),
			op(s, "DescribeInstanceInformation", (*Service).describeInstanceInformation),
		},
	}
}
