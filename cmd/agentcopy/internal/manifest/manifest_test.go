package manifest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadForms(t *testing.T) {
	const uuid = "0a1b2c3d-0000-4000-8000-00000000abcd"
	for name, text := range map[string]string{
		"commas":         "provider,source_id,name\nkolena,123,Tenant 1\n",
		"semicolons":     "provider;source_id;name\nkolena;123;Tenant 1\n",
		"tabs":           "provider\tsource_id\tname\nkolena\t123\tTenant 1\n",
		"sep=":           "sep=;\r\nprovider;source_id;name\r\nkolena;123;Tenant 1\r\n",
		"BOM and CRLF":   "\ufeffprovider,source_id,name\r\nkolena,123,Tenant 1\r\n",
		"header":         " Provider , Source ID,NAME \n KOLENA , 0123 , Tenant 1 \n,,\n",
		"other columns":  "provider,region,source_id,name\nkolena,north,123,Tenant 1\n",
		"results":        "provider,source_id,name,status,copy_id\nkolena,123,Tenant 1,'=x,7\n",
		"JSON lines":     "{\"provider\":\"kolena\",\"source_id\":123,\"name\":\"Tenant 1\"}\n\n",
		"JSON array":     "[\n {\"provider\":\"kolena\",\"source_id\":\"+123\",\"name\":\"Tenant 1\",\"tags\":[1]}\n]",
		"indented array": "[{\n\"name\":\"Tenant 1\",\n\"provider\":\"kolena\",\"source_id\":123}]",
	} {
		t.Run(name, func(t *testing.T) {
			m, faults, err := Read(strings.NewReader(text))
			require.NoError(t, err)
			require.Empty(t, faults)
			require.Len(t, m.Rows, 1)
			require.Equal(t, "kolena/123/Tenant 1", m.Rows[0].Key)
			require.Equal(t, "123", m.Rows[0].Request.SourceID)
		})
	}
	m, faults, _ := Read(strings.NewReader("provider,source_id,name\nlangsmith," + strings.ToUpper(uuid) + ",A\n"))
	require.Empty(t, faults)
	require.Equal(t, "langsmith/"+uuid+"/A", m.Rows[0].Key)
}

func TestReadFaults(t *testing.T) {
	const head, agent = "provider,source_id,name\n", "0a1b2c3d-0000-4000-8000-00000000abcd"
	for name, tc := range map[string]struct{ text, want string }{
		"empty":             {"", "1: the manifest is empty"},
		"no rows":           {head, "1: the manifest has no rows"},
		"UTF-16":            {"\xff\xfep\x00r\x00", "UTF-16"},
		"UTF-16 without":    {"p\x00r\x00", "UTF-16"},
		"Latin-1":           {head + "kolena,1,M\xfcnchen\n", `2: is not valid UTF-8: "kolena,1,M`},
		"Latin-1 in JSON":   {"{\"provider\":\"kolena\",\"source_id\":1,\"name\":\"M\xfcnchen\"}", "1: is not valid UTF-8"},
		"half a surrogate":  {`{"provider":"kolena","source_id":1,"name":"\ud800"}`, "surrogate"},
		"provider":          {head + "kolenna,1,A\n", `2: provider "kolenna": is not one of`},
		"source":            {head + "kolena,x7,A\n", `2: source_id "x7": `},
		"no source":         {head + "zudu,,A\n", "2: source_id: "},
		"source of another": {head + "langsmith,x,A\n", `2: source_id "x": `},
		"folder":            {"provider,source_id,name,target_folder_id\nkolena,1,A,x\n", `2: target_folder_id "x": is not a number`},
		"folder below 0":    {"provider,source_id,name,target_folder_id\nkolena,1,A,-1\n", `2: target_folder_id "-1": `},
		"permission":        {"provider,source_id,name,permissions_visibility\nlangsmith," + agent + ",A,all\n", `2: permissions_visibility "all": is not one of`},
		"time zone":         {"provider,source_id,name,user_timezone\nlangsmith," + agent + ",A,Berlin\n", `2: user_timezone "Berlin": `},
		"no source column":  {"provider,name\nkolena,A\n", "1: source_id: there is no such column"},
		"misspelt column":   {"provider,source_id,name,target_folder\nkolena,1,A,7\n", "is it"},
		"misspelt column 2": {"provider,source_id,name,targetfolderid\nkolena,1,A,7\n", "is it target_folder_id"},
		"twice a column":    {"provider,source_id,name,Name\nkolena,1,A,B\n", "1: name: the header has it twice"},
		"cells":             {head + "kolena,1\n", "2: has 2 cells where the header has 3"},
		"quote":             {head + "kolena,1,\"A\n", "2: "},
		"same":              {head + "kolena,1,A\nkolena,01,A\n", `3: key "kolena/1/A": is the key of line 2`},
		"same key":          {"provider,source_id,name,key\nkolena,1,A,k\nkolena,1,B,k\n", `3: key "k": is the key of line 2`},
		"of another vendor": {"provider,source_id,name,user_timezone\nkolena,1,A,UTC\n", `2: user_timezone "UTC": kolena has no such thing`},
		"JSON":              {"{\"provider\":\"kolena\",\n", "1: is not JSON"},
		"array":             {"[{\"provider\":\"kolena\",\"source_id\":1,\"name\":\"A\"}", "1: is not JSON"},
		"array of texts":    {"[\n\"x\"]", "2: is not a JSON object"},
		"column twice":      {`{"provider":"kolena","source_id":1,"source_id":2,"name":"A"}`, "the object has it twice"},
		"object as name":    {`{"provider":"kolena","source_id":1,"name":{}}`, "is neither a text nor a number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults, err := Read(strings.NewReader(tc.text))
			require.NoError(t, err)
			require.NotEmpty(t, faults)
			require.Contains(t, faults[0].String(), tc.want)
		})
	}
}

func TestGuard(t *testing.T) {
	for _, cell := range []string{"=1+1", "+49", "-x", "@a"} {
		require.Equal(t, "'"+cell, Guard(cell))
		m, _, err := Read(strings.NewReader("provider,source_id,name,status,copy_id\nkolena,1," + Guard(cell) + ",copied,7\n"))
		require.NoError(t, err)
		require.Equal(t, cell, m.Rows[0].Request.Name)
	}
}

// 100,000 rows take 100 MB at most.
func TestLargeManifest(t *testing.T) {
	var text strings.Builder
	text.WriteString("provider,source_id,name,region\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "kolena,123,Tenant %d,north\n", i)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m, faults, err := Read(strings.NewReader(text.String()))
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Empty(t, faults)
	require.Len(t, m.Rows, 100_000)
	t.Logf("%d MB", (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>20)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(100<<20))
	runtime.KeepAlive(m)
}
