//go:build race

package bluegreen_test

// stride thins out what runs thousands of worlds: the race detector makes each of them six times slower.
const stride = 12
