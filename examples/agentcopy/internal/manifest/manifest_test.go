package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const uuid = "3c90c3cc-0d44-4b50-8888-8dd25736052a"

// faultsOf reads a manifest and renders what is wrong with it.
func faultsOf(t *testing.T, text string) []string {
	t.Helper()
	_, faults, err := Read(strings.NewReader(text))
	require.NoError(t, err)
	var lines []string
	for _, f := range faults {
		lines = append(lines, f.String())
	}
	return lines
}

func TestFormsOfAManifest(t *testing.T) {
	cases := []struct{ name, text string }{
		{"CSV", "provider,source_id,name\nkolena,7,Tenant 1\nzudu,agent_1,Berlin\n"},
		{"without an end of line", "provider,source_id,name\nkolena,7,Tenant 1\nzudu,agent_1,Berlin"},
		{"semicolons", "provider;source_id;name\nkolena;7;Tenant 1\nzudu;agent_1;Berlin\n"},
		{"tabs", "provider\tsource_id\tname\nkolena\t7\tTenant 1\nzudu\tagent_1\tBerlin\n"},
		{"a byte order mark, and Windows", "\ufeffprovider,source_id,name\r\nkolena,7,Tenant 1\r\nzudu,agent_1,Berlin\r\n"},
		{"capitals and blanks", "Provider, Source_ID, Name\nKolena, 7, Tenant 1 \nZUDU, agent_1, Berlin\n"},
		{"empty lines", "provider,source_id,name\n\nkolena,7,Tenant 1\n,,\n\nzudu,agent_1,Berlin\n"},
		{"quotes", "provider,source_id,name\n\"kolena\",\"7\",\"Tenant 1\"\nzudu,agent_1,Berlin\n"},
		{"JSON lines", `{"provider":"kolena","source_id":7,"name":"Tenant 1"}` + "\n\n" + `{"provider":"zudu","source_id":"agent_1","name":"Berlin","key":null}`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			m, faults, err := Read(strings.NewReader(tc.text))
			require.NoError(t, err)
			require.Empty(t, faults)
			require.Empty(t, m.Notes)
			require.Len(t, m.Rows, 2)
			require.Equal(t, "kolena/7/Tenant 1", m.Rows[0].Key)
			require.Equal(t, "7", m.Rows[0].Request.SourceID)
			require.Equal(t, "Tenant 1", m.Rows[0].Request.Name)
			require.Equal(t, "zudu/agent_1/Berlin", m.Rows[1].Key)
		})
	}
}

func TestFaults(t *testing.T) {
	const header = "provider,source_id,name\n"
	cases := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", []string{"1: the file is empty"}},
		{"a header alone", header, []string{"1: there are no rows"}},
		{"an unknown column", "provider,source_id,nmae\nkolena,7,x\n", []string{`1: there is no column "nmae"; there are provider, source_id, name, key, `}},
		{"a column twice", "provider,source_id,name,Name\nkolena,7,x,y\n", []string{"1: name: the header has it twice"}},
		{"no provider, no source", "name\nx\n", []string{"1: provider: the header lacks it", "1: source_id: the header lacks it"}},
		{"an unknown provider", header + "kolenna,7,x\n", []string{`2: provider: "kolenna" is not one of zudu, cotool, langsmith, kolena`}},
		{"no provider", header + ",7,x\n", []string{`2: provider: "" is not one of`}},
		{"too few cells", header + "kolena,7\n", []string{"2: has 2 cells where the header has 3 columns"}},
		{"a quote that is not closed", header + "kolena,7,\"x\n", []string{"2: a quote is not closed"}},
		{"a quote in the middle", header + "kolena,7,a \"b\" c\nkolena,8,\n", []string{"2: a quote within a cell", "3: name: is empty or blank"}},
		{"Kolena: no number", header + "kolena,agent_7,x\n", []string{"2: source_id: "}},
		{"Kolena: no name", header + "kolena,7,\n", []string{"2: name: is empty or blank"}},
		{"Zudu: a name too long", header + "zudu,a," + strings.Repeat("x", 51) + "\n", []string{"2: name: is longer than 50 characters"}},
		{"LangSmith: no UUID", header + "langsmith,7,x\n", []string{"2: source_id: "}},
		{"a line within quotes counts", header + "kolena,7,\"a\nb\"\nkolena,x,y\n", []string{"4: source_id: "}},
		{
			"columns of another vendor", "provider,source_id,name,user_timezone,target_folder_id\nkolena,7,x,UTC,\nlangsmith," + uuid + ",x,,7\n",
			[]string{"2: user_timezone: kolena has no such thing", "3: target_folder_id: langsmith has no such thing"},
		},
		{
			"a workspace that is no number, and one that is not positive",
			"provider,source_id,name,target_workspace_id\nkolena,7,x,main\nkolena,7,y,-1\n",
			[]string{`2: target_workspace_id: "main" is not a number`, "3: target_workspace_id: is not positive"},
		},
		{
			"LangSmith's extras", "provider,source_id,name,permissions_visibility,user_timezone\nlangsmith," + uuid + ",x,tennant,Europe/Berln\n",
			[]string{`2: permissions_visibility: "tennant" is not one of tenant, user`, `2: user_timezone: "Europe/Berln" is not the name of a time zone`},
		},
		{"the same copy twice", header + "kolena,7,x\nkolena,8,x\nkolena,7,x\n", []string{"4: asks for the same copy as line 2"}},
		{
			"the same key twice", "provider,source_id,name,key\nkolena,7,x,one\nkolena,8,y,one\n",
			[]string{`3: key: "one" is the key of line 2`},
		},
		{
			"a list", `[{"provider":"kolena","source_id":7,"name":"x"}]`,
			[]string{"1: is not a JSON object: a manifest has one object a line"},
		},
		{
			"objects in every wrong form", strings.Join([]string{
				`{"provider":"kolena","source_id":7,"name":"x"}`,
				`{"provider":"kolena","source_id":7,"name":"y"`,
				`{"provider":"kolena","source_id":[7],"nmae":"y"}`,
				`{"provider":"kolena","provider":"zudu","source_id":7,"name":"z"}`,
				`{"provider":"kolena","source_id":7,"name":"u"} {}`,
				`{"provider":"kolena","source_id":7,}`,
				`kolena,7,x`,
			}, "\n"),
			[]string{
				"2: the JSON object is not closed", "3: source_id: is neither a text nor a number", `3: there is no column "nmae"`,
				"4: provider: the object has it twice", "5: something follows the object", "6: is not JSON: ", "7: is not a JSON object",
			},
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := faultsOf(t, tc.text)
			require.Len(t, got, len(tc.want), "%q", got)
			for i, want := range tc.want {
				require.True(t, strings.HasPrefix(got[i], want), "got %q, want %q", got[i], want)
			}
		})
	}
}

func TestSeveralFaultsOfALineAreAllNamed(t *testing.T) {
	got := strings.Join(faultsOf(t, "provider,source_id,name,user_timezone,target_folder_id\nkolena,0,,UTC,-7\n"), "\n")
	require.Equal(t, strings.Join([]string{
		"2: user_timezone: kolena has no such thing; leave it empty",
		"2: source_id: is not positive",
		"2: name: is empty or blank",
		"2: target_folder_id: is not positive",
	}, "\n"), got)
}

func TestNotes(t *testing.T) {
	m, faults, err := Read(strings.NewReader("provider,source_id,name\ncotool," + uuid + ",My copy\nlangsmith," + uuid + ",\n"))
	require.NoError(t, err)
	require.Empty(t, faults)
	require.Len(t, m.Notes, 2)
	require.Contains(t, m.Notes[0].String(), `2: name: cotool lets no name be chosen; "My copy" is ignored`)
	require.Contains(t, m.Notes[1].String(), "3: name: langsmith chooses the name")
	require.Equal(t, "cotool/"+uuid, m.Rows[0].Key)
}
