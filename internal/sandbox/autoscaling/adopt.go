package autoscaling

import "reflect"

// adopt takes over into T every field of a request that is given and that T has under the same name and type. It copies by
// reflection so that no setting is forgotten.
func adopt[T any](into *T, request any) {
	from, to := reflect.ValueOf(request).Elem(), reflect.ValueOf(into).Elem()
	for i := range from.NumField() {
		field := from.Type().Field(i)
		target := to.FieldByName(field.Name)
		if field.IsExported() && target.IsValid() && target.Type() == field.Type && !from.Field(i).IsZero() {
			target.Set(from.Field(i))
		}
	}
}

// adopted is a new T with what adopt takes over.
func adopted[T any](request any) T {
	var made T
	adopt(&made, request)
	return made
}
