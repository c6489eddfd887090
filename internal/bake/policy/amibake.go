package policy

// Bake is for plan, bake, verify, list and history.
func Bake(f Facts) Policy {
	statements := []Statement{
		allow([]string{"ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeSnapshots"}, everything, nil),
		allow([]string{"ecr:BatchGetImage"}, need(f.Repository != "" && f.Tagged, f.Repository), nil),
		allow([]string{"ssm:GetParameter"}, need(f.Base != "", f.parameter(f.Region, f.Base)), nil),
		allow([]string{"ssm:DeleteParameters", "ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParametersByPath", "ssm:PutParameter"}, append(
			Strings{f.parameter(f.Region, "/bluegreen/"+f.App+"/bake/*")},
			f.everywhere(func(r string) []string { return []string{f.parameter(r, f.Parameter+"*")} })...,
		), nil),
		allow([]string{"ec2:CreateImage", "ec2:RunInstances"}, everything, nil),
		allow([]string{"ec2:CreateTags"}, everything, created("CreateImage", "RunInstances")),
		allow([]string{"ec2:CreateTags", "ec2:DeleteSnapshot", "ec2:DeregisterImage"}, f.imagesAndSnapshots(), f.ours()),
		allow([]string{"ec2:GetConsoleOutput", "ec2:StopInstances", "ec2:TerminateInstances"}, Strings{f.arn("ec2", f.Region, "instance/*")},
			conditions{"StringEquals": {"aws:ResourceTag/bluegreen:app": {f.App}, "aws:ResourceTag/amibake:role": {"builder", "test"}}}),
		allow([]string{"ssm:SendCommand"}, need(f.RunCommand, Partition(f.Region)+":ssm:"+f.Region+"::document/AWS-RunShellScript"), nil),
		allow([]string{"ssm:SendCommand"}, need(f.RunCommand, f.arn("ec2", f.Region, "instance/*")),
			conditions{"StringEquals": {"ssm:resourceTag/bluegreen:app": {f.App}, "ssm:resourceTag/amibake:role": {"builder", "test"}}}),
		allow([]string{"ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:ListCommands"}, need(f.RunCommand, "*"), nil),
		allow([]string{"iam:PassRole"}, need(f.Role != "", f.arn("iam", "", "role/%s", f.Role)), equal("iam:PassedToService", "ec2."+dnsOfIAM(f.Region))),
		allow([]string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, need(f.Bucket != "", Partition(f.Region)+":s3:::"+f.Bucket+"/"+f.Prefix+"/*"), nil),
	}
	for _, k := range f.Keys {
		statements = append(statements, f.key(k))
	}
	return policy(append(statements,
		allow([]string{"cloudwatch:PutMetricData"}, need(f.Namespace != "", "*"), equal("cloudwatch:namespace", f.Namespace)),
	)...)
}

// dnsOfIAM is the domain of EC2 as a service that is given a role.
func dnsOfIAM(region string) string {
	if Partition(region) == "arn:aws-cn" {
		return dns(region)
	}
	return "amazonaws.com"
}

// Promote is for promote, and bake --promote, beside Bake.
func Promote(f Facts) Policy {
	return policy(
		allow([]string{"ec2:CopyImage"}, need(len(f.Copies) > 0, "*"), nil),
		allow([]string{"ec2:CreateTags"}, need(len(f.Copies) > 0, "*"), created("CopyImage")),
		allow([]string{"ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"}, need(f.Shared, f.imagesAndSnapshots()...), f.ours()),
		allow([]string{"ec2:DescribeLaunchTemplateVersions"}, need(f.Template != "", "*"), nil),
		allow([]string{"ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplateVersions"},
			need(f.Template != "", f.arn("ec2", f.Region, "launch-template/%s", f.Template)), nil),
	)
}

// Prune is for prune, sweep and doctor, beside Bake. The rights to Image Builder are those of DescribeImageReferences.
func Prune(f Facts) Policy {
	return policy(
		allow([]string{
			"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeLaunchConfigurations", "ec2:DescribeImageAttribute",
			"ec2:DescribeImageReferences", "ec2:DescribeImageUsageReportEntries", "ec2:DescribeImageUsageReports",
			"ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates", "imagebuilder:GetContainerRecipe",
			"imagebuilder:ListContainerRecipes", "imagebuilder:ListImageRecipes", "ssm:DescribeParameters", "ssm:GetParameter",
			"ssm:GetParameters",
		}, everything, nil),
		allow([]string{"ssm:GetParametersByPath"}, f.everywhere(func(r string) []string {
			return []string{f.parameter(r, "/bluegreen"), f.parameter(r, "/bluegreen/*")}
		}), nil),
		allow([]string{"ec2:CreateImageUsageReport", "ec2:DeleteImageUsageReport"}, need(f.Shared, "*"), nil),
		allow([]string{"ec2:CreateTags"}, need(f.Shared, "*"), created("CreateImageUsageReport")),
		allow([]string{"ec2:CreateTags", "ec2:DisableImage", "ec2:EnableImageDeprecation"}, f.images(), f.ours()),
		allow([]string{"s3:ListBucket"}, need(f.Bucket != "", Partition(f.Region)+":s3:::"+f.Bucket), conditions{"StringLike": {"s3:prefix": {f.Prefix + "/*"}}}),
		allow([]string{"cloudwatch:GetMetricData"}, need(f.Namespace != "", "*"), nil),
	)
}

// Instance is for the role of builders and test instances: the app's image. What the app itself needs, and the agent by its own
// settings, is beside it.
func Instance(f Facts) Policy {
	return policy(
		allow([]string{"ecr:GetAuthorizationToken"}, need(f.Repository != "", "*"), nil),
		allow([]string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, need(f.Repository != "", f.Repository), nil),
	)
}
