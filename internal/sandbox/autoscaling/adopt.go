package autoscaling

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// adopt takes over into g every field of a request that is given and that a group has under the same name and type. It
// copies by reflection so that no setting is forgotten.
func adopt(g *types.AutoScalingGroup, request any) {
	from, into := reflect.ValueOf(request).Elem(), reflect.ValueOf(g).Elem()
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		field := into.FieldByName(name)
		if from.Type().Field(i).IsExported() && field.IsValid() && field.Type() == from.Field(i).Type() && !from.Field(i).IsZero() {
			field.Set(from.Field(i))
		}
	}
}
