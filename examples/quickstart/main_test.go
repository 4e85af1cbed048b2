package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), nil, &out))
		for _, want := range []string{
			`Zudu `, `"Support, Berlin"`, `Cotool `, `LangSmith `, `Kolena `, `"Lease reader, Hamburg"`,
			"(outcome unknown, 1 attempt)",
			"that may have been made. Copies on the server: 1",
			"that retries whatever fails reports success. Copies on the server: 2",
			"once.Runner looks for the copy, and returns agent 2. Copies on the server: 1",
			"   0s  #####\n   1s  #####\n   2s  #####\n   3s  #####\n",
			"20 requests, 0 refused with 429, in 3s.",
			"\nDone.",
		} {
			require.Contains(t, out.String(), want)
		}
	})
}

func TestFlags(t *testing.T) {
	variables := []string{"ZUDU_API_KEY", "COTOOL_API_KEY", "LANGSMITH_API_KEY", "KOLENA_API_KEY"}
	cases := []struct {
		name string
		args string
		env  []string
		want string
	}{
		{"an argument", "kolena", nil, `there is no argument "kolena"`},
		{"a flag that does not exist", "-key x", nil, "flag provided but not defined"},
		{"a source without -live", "-source 1", nil, "go with -live"},
		{"no credentials", "-live -source 1 -name x", nil, "needs the credentials of a vendor"},
		{"the credentials of two", "-live -source 1 -name x", []string{"KOLENA_API_KEY", "COTOOL_API_KEY"}, "cotool and kolena: say which"},
		{"a vendor that does not exist", "-live -vendor acme", nil, `there is no "acme"`},
		{"no source", "-live -name x", []string{"KOLENA_API_KEY"}, "needs -source"},
		{"no name", "-live -source 1", []string{"KOLENA_API_KEY"}, "needs -name"},
		{"an ID that is no number", "-live -source one -name x", []string{"KOLENA_API_KEY"}, `"one" is none`},
		{"an ID that is no UUID", "-live -source one", []string{"COTOOL_API_KEY"}, "not a UUID"},
		{"half the credentials", "-live -source one -name x", []string{"ZUDU_API_KEY"}, "ZUDU_API_SECRET"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, v := range variables {
				t.Setenv(v, "")
			}
			t.Setenv("ZUDU_API_SECRET", "")
			for _, v := range tc.env {
				t.Setenv(v, "not-a-real-key")
			}
			var out strings.Builder
			require.ErrorContains(t, run(t.Context(), strings.Fields(tc.args), &out), tc.want)
		})
	}
}
