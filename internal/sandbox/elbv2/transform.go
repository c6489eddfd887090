package elbv2

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

// compileTransforms checks the rewrites of a rule: at most one of each type.
func compileTransforms(in []types.RuleTransform) ([]types.RuleTransform, []proxy.Rewrite, error) {
	var compiled []proxy.Rewrite
	seen := map[types.TransformTypeEnum]bool{}
	for _, t := range in {
		if seen[t.Type] {
			return nil, nil, wire.Errorf("ValidationError", "A rule can have only one transform of type '%s'", t.Type)
		}
		seen[t.Type] = true
		var rewrites []types.RewriteConfig
		rewrite := proxy.RewriteURL
		switch {
		case t.Type == types.TransformTypeEnumUrlRewrite && t.UrlRewriteConfig != nil:
			rewrites = t.UrlRewriteConfig.Rewrites
		case t.Type == types.TransformTypeEnumHostHeaderRewrite && t.HostHeaderRewriteConfig != nil:
			rewrites, rewrite = t.HostHeaderRewriteConfig.Rewrites, proxy.RewriteHost
		}
		if len(rewrites) != 1 {
			return nil, nil, wire.Errorf("ValidationError", "A transform of type '%s' must have exactly one rewrite", t.Type)
		}
		re, err := regexp.Compile(aws.ToString(rewrites[0].Regex))
		if err != nil {
			return nil, nil, wire.Errorf("ValidationError", "'%s' is not a valid regular expression", aws.ToString(rewrites[0].Regex))
		}
		compiled = append(compiled, rewrite(re, aws.ToString(rewrites[0].Replace)))
	}
	return in, compiled, nil
}
