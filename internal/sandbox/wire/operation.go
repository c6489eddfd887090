// Package wire puts an AWS account's operations on the wire: one codec per protocol, written once over the SDK's own input
// and output types, so that an operation more is one registered function more.
//
// Operations are registered explicitly. Nothing here looks a method up by a name it was given at run time: that would make
// the linker keep every method of every SDK type.
package wire

import (
	"context"
	"fmt"
)

// Operation is one API operation: its name on the wire and a function from the SDK's input type to its output type.
type Operation struct {
	Name     string
	newInput func() any
	call     func(ctx context.Context, in any) (any, error)
}

// Op registers a function as an operation. In and Out are the SDK's types, e.g. route53.GetChangeInput and
// route53.GetChangeOutput. A failure that a client should see is an *Error.
func Op[In, Out any](name string, handle func(ctx context.Context, in *In) (*Out, error)) Operation {
	return Operation{
		Name:     name,
		newInput: func() any { return new(In) },
		call:     func(ctx context.Context, in any) (any, error) { return handle(ctx, in.(*In)) },
	}
}

// Protocol is how a service's messages look.
type Protocol string

// The protocols of the AWS APIs that the sandbox speaks.
const (
	Query    Protocol = "query"     // ELB, ELBv2, Auto Scaling, STS, CloudWatch as the aws CLI speaks it
	EC2Query Protocol = "ec2"       // EC2
	RESTXML  Protocol = "rest-xml"  // Route 53
	JSON     Protocol = "json"      // Parameter Store (1.1), CloudWatch (1.0)
	CBOR     Protocol = "rpcv2Cbor" // CloudWatch as the SDKs speak it
)

// Service is one AWS API.
type Service struct {
	SigningName string     // as in the credential scope of a signature, e.g. "elasticloadbalancing"
	Version     string     // API version, e.g. "2015-12-01"; tells ELB from ELBv2, which sign alike
	Namespace   string     // of its XML, e.g. "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
	Target      string     // JSON: the X-Amz-Target prefix, e.g. "AmazonSSM"; CBOR: the service in the path
	LowerCase   bool       // JSON: members begin with a lower-case letter, as in ECR
	Protocols   []Protocol // all that it speaks
	Operations  []Operation
}

// Error is a refusal in the service's own words.
type Error struct {
	Code     string   // e.g. "InvalidChangeBatch"
	Message  string   // for people
	Status   int      // HTTP status; 400 when zero
	Messages []string // Route 53's InvalidChangeBatch lists what is wrong, one a change
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithStatus sets the HTTP status.
func (e *Error) WithStatus(status int) *Error {
	e.Status = status
	return e
}
