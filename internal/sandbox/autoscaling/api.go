package autoscaling

import "bluegreen/internal/sandbox/wire"

// API is what clients can call.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "autoscaling",
		Version:     "2011-01-01",
		Namespace:   "http://autoscaling.amazonaws.com/doc/2011-01-01/",
		Protocols:   []wire.Protocol{wire.Query},
		Operations: []wire.Operation{
			wire.Op("CreateAutoScalingGroup", s.createGroup),
			wire.Op("UpdateAutoScalingGroup", s.updateGroup),
			wire.Op("DeleteAutoScalingGroup", s.deleteGroup),
			wire.Op("DescribeAutoScalingGroups", s.describeGroups),
			wire.Op("DescribeAutoScalingInstances", s.describeInstances),
			wire.Op("DescribeScalingActivities", s.describeActivities),
			wire.Op("DescribeAccountLimits", s.describeAccountLimits),
			wire.Op("SetDesiredCapacity", s.setDesiredCapacity),

			wire.Op("CreateLaunchConfiguration", s.createConfiguration),
			wire.Op("DescribeLaunchConfigurations", s.describeConfigurations),
			wire.Op("DeleteLaunchConfiguration", s.deleteConfiguration),

			wire.Op("TerminateInstanceInAutoScalingGroup", s.terminateInstance),
			wire.Op("SetInstanceHealth", s.setInstanceHealth),
			wire.Op("SetInstanceProtection", s.setInstanceProtection),
			wire.Op("AttachInstances", s.attachInstances),
			wire.Op("DetachInstances", s.detachInstances),
			wire.Op("EnterStandby", s.enterStandby),
			wire.Op("ExitStandby", s.exitStandby),

			wire.Op("SuspendProcesses", s.suspendProcesses),
			wire.Op("ResumeProcesses", s.resumeProcesses),
			wire.Op("EnableMetricsCollection", s.enableMetrics),
			wire.Op("DisableMetricsCollection", s.disableMetrics),

			wire.Op("AttachLoadBalancerTargetGroups", s.attachTargetGroups),
			wire.Op("DetachLoadBalancerTargetGroups", s.detachTargetGroups),
			wire.Op("DescribeLoadBalancerTargetGroups", s.describeTargetGroups),
			wire.Op("AttachTrafficSources", s.attachTrafficSources),
			wire.Op("DetachTrafficSources", s.detachTrafficSources),
			wire.Op("DescribeTrafficSources", s.describeTrafficSources),

			wire.Op("PutScalingPolicy", s.putScalingPolicy),
			wire.Op("DeletePolicy", s.deletePolicy),
			wire.Op("DescribePolicies", s.describePolicies),
			wire.Op("ExecutePolicy", s.executePolicy),

			wire.Op("PutLifecycleHook", s.putLifecycleHook),
			wire.Op("DescribeLifecycleHooks", s.describeLifecycleHooks),
			wire.Op("DeleteLifecycleHook", s.deleteLifecycleHook),
			wire.Op("CompleteLifecycleAction", s.completeLifecycleAction),
			wire.Op("RecordLifecycleActionHeartbeat", s.recordLifecycleActionHeartbeat),

			wire.Op("CreateOrUpdateTags", s.createOrUpdateTags),
			wire.Op("DeleteTags", s.deleteTags),
			wire.Op("DescribeTags", s.describeTags),

			wire.Op("PutScheduledUpdateGroupAction", s.putScheduledAction),
			wire.Op("BatchPutScheduledUpdateGroupAction", s.batchPutScheduledActions),
			wire.Op("DeleteScheduledAction", s.deleteScheduledAction),
			wire.Op("BatchDeleteScheduledAction", s.batchDeleteScheduledActions),
			wire.Op("DescribeScheduledActions", s.describeScheduledActions),
			wire.Op("PutNotificationConfiguration", s.putNotifications),
			wire.Op("DeleteNotificationConfiguration", s.deleteNotifications),
			wire.Op("DescribeNotificationConfigurations", s.describeNotifications),
			wire.Op("PutWarmPool", s.putWarmPool),
			wire.Op("DeleteWarmPool", s.deleteWarmPool),
			wire.Op("DescribeWarmPool", s.describeWarmPool),

			wire.Op("StartInstanceRefresh", s.startRefresh),
			wire.Op("CancelInstanceRefresh", s.cancelRefresh),
			wire.Op("DescribeInstanceRefreshes", s.describeRefreshes),
		},
	}
}
