package wire_test

import (
	"net/http"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// testConfig is an SDK configuration for an endpoint.
func testConfig(endpoint string, client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:   client,
	}
}

// inMemory is an SDK configuration for a handler in this process.
func inMemory(h http.Handler) aws.Config {
	return testConfig("http://sandbox", &http.Client{Transport: wire.Transport(h)})
}

// The services of the sandbox, without operations.
var (
	route53Service = wire.Service{
		SigningName: "route53", Version: "2013-04-01",
		Namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
		Protocols: []wire.Protocol{wire.RESTXML},
	}
	ec2Service = wire.Service{
		SigningName: "ec2", Version: "2016-11-15",
		Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
		Protocols: []wire.Protocol{wire.EC2Query},
	}
	elbv2Service = wire.Service{
		SigningName: "elasticloadbalancing", Version: "2015-12-01",
		Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Protocols: []wire.Protocol{wire.Query},
	}
	autoscalingService = wire.Service{
		SigningName: "autoscaling", Version: "2011-01-01",
		Namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
		Protocols: []wire.Protocol{wire.Query},
	}
	cloudwatchService = wire.Service{
		SigningName: "monitoring", Version: "2010-08-01", Target: "GraniteServiceVersion20100801",
		Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
		Protocols: []wire.Protocol{wire.CBOR, wire.JSON, wire.Query},
	}
	ssmService = wire.Service{
		SigningName: "ssm", Version: "2014-11-06", Target: "AmazonSSM",
		Protocols: []wire.Protocol{wire.JSON},
	}
	ecrService = wire.Service{
		SigningName: "ecr", Version: "2015-09-21", Target: "AmazonEC2ContainerRegistry_V20150921", LowerCase: true,
		Protocols: []wire.Protocol{wire.JSON},
	}
	secretsService = wire.Service{
		SigningName: "secretsmanager", Version: "2017-10-17", Target: "secretsmanager",
		Protocols: []wire.Protocol{wire.JSON},
	}
	stsService = wire.Service{
		SigningName: "sts", Version: "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Protocols: []wire.Protocol{wire.Query},
	}
)
