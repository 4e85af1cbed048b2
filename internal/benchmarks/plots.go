package main

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// The plots are transparent and in tones that can be read on white and on black, since
// a page cannot tell an image which theme it has.
const (
	width = 830
	style = `text{font:12px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#788089}` +
		`.h{font-weight:600;font-size:14px}.us{fill:#3b82f6;font-weight:600}.n{font-size:11px}.end{text-anchor:end}.mid{text-anchor:middle}` +
		`.bar{fill:#8b949e;fill-opacity:.55}.barus{fill:#3b82f6}.grid{stroke:#8b949e;stroke-opacity:.3}.bad{fill:#d1453b}.tick{stroke:#d1453b;stroke-opacity:.7}` +
		`.good{fill:#3b82f6;fill-opacity:.18}.plain{fill:#8b949e;fill-opacity:.1}.on{fill:#fff;font-weight:600}` +
		`path{fill:none;stroke-width:2}.l0{stroke:#8b949e}.l1{stroke:#c98a1b}.l2{stroke:#3b82f6;stroke-width:2.5}`
)

type svg struct{ strings.Builder }

func (s *svg) add(format string, args ...any) { fmt.Fprintf(&s.Builder, format+"\n", args...) }

func (s *svg) text(x, y float64, class, text string) {
	s.add(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, html.EscapeString(text))
}

func (s *svg) rect(x, y, w, h float64, class string) {
	s.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="%s"/>`, x, y, w, h, class)
}

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	s.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (s *svg) end(height float64, title string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" role="img">`+
		"\n<title>%s</title>\n<style>%s</style>\n%s</svg>\n", width, height, width, height, html.EscapeString(title), style, s.String())
}

// plotCost draws the time, bytes and allocations of a call beside the peers'.
func (f *figures) plotCost() string {
	const left, panel, step = 130.0, 232.0, 23.0
	s := new(svg)
	s.text(0, 14, "h", "What one copy call costs, with an answer of 2 KB from memory")
	clients := f.clients()
	for p, unit := range []string{"", "B/op", "allocs/op"} {
		x := left + float64(p)*panel
		title := []string{"processor time, by hand = 1", "bytes allocated", "allocations"}[p]
		value := func(client string) (float64, string) {
			name := shortCopy + client
			if unit == "" {
				return f.ratio(name), fmt.Sprintf("%.2f", f.ratio(name))
			}
			return f.median(name, unit), f.count(name, unit)
		}
		var most float64
		for _, client := range clients {
			v, _ := value(client)
			most = max(most, v)
		}
		s.text(x, 40, "", title)
		for i, client := range clients {
			y := 50 + float64(i)*step
			bar, label := "bar", "n"
			if client == "agentcopy" {
				bar, label = "barus", "n us"
			}
			if p == 0 {
				s.text(left-8, y+13, strings.Replace(label, "n", "end", 1), strings.ReplaceAll(client, "_", " "))
			}
			v, shown := value(client)
			w := (panel - 60) * v / most
			s.rect(x, y+2, w, step-7, bar)
			s.text(x+w+5, y+13, label, shown)
		}
	}
	return s.end(50+float64(len(clients))*step+4, "Time, bytes and allocations of one copy call, beside other Go clients")
}

// plotPacing draws how 200 copies get through a strict limit, and what is refused.
func (f *figures) plotPacing() string {
	const left, top, high, right = 34.0, 44.0, 190.0, 590.0
	s := new(svg)
	s.text(0, 14, "h", "200 copies at once, on a server that admits 60 in any minute")
	x := func(at float64) float64 { return left + (right-left)*at/210 }
	y := func(n int) float64 { return top + high*(1-float64(n)/200) }
	s.text(0, top-12, "n", "copies made")
	for n := 0; n <= 200; n += 50 {
		s.line(left, y(n), right, y(n), "grid")
		s.text(left-6, y(n)+4, "n end", fmt.Sprint(n))
	}
	for at := 0.0; at <= 210; at += 30 {
		s.text(x(at), top+high+16, "n mid", fmt.Sprintf("%.0f s", at))
	}
	names := map[string]string{"no limiter": "go-retryablehttp", "token bucket": "and a token bucket, 60 + 1/s", "agentcopy": "agentcopy"}
	for i, client := range []string{"no limiter", "token bucket", "agentcopy"} {
		strip := top + high + 32 + float64(i)*24
		path, made, refused, last := fmt.Sprintf("M%.1f %.1f", x(0), y(0)), 0, 0, 0.0
		for _, r := range f.pacing {
			switch {
			case r.client != client:
			case r.refused:
				refused++
				s.line(x(r.at), strip, x(r.at), strip+14, "tick")
			default:
				made++
				last = r.at
				path += fmt.Sprintf("H%.1fV%.1f", x(r.at), y(made))
			}
		}
		class := ""
		if client == "agentcopy" {
			class = "us"
		}
		s.add(`<path class="l%d" d="%s"/>`, i, path)
		key := top + 14 + float64(i)*48
		s.add(`<path class="l%d" d="M%.1f %.1fh20"/>`, i, right+18, key-4)
		s.text(right+44, key, class, names[client])
		s.text(right+44, key+16, class, fmt.Sprintf("%d refused, done in %.0f s", refused, last))
		s.line(left, strip+14, right, strip+14, "grid")
		s.text(right+18, strip+11, "n "+class, fmt.Sprintf("%s: %d refused with 429", client, refused))
	}
	return s.end(top+high+32+3*24, "200 copies on a server that admits 60 a minute: copies made and requests refused over time")
}

// plotDuplicates draws how many copies a client makes of one request whose answer is lost.
func (f *figures) plotDuplicates() string {
	const left, top, step = 130.0, 64.0, 27.0
	var clients, faults []string
	for _, l := range f.lost {
		if !slices.Contains(clients, l.client) {
			clients = append(clients, l.client)
		}
		if !slices.Contains(faults, l.fault) {
			faults = append(faults, l.fault)
		}
	}
	cell := (width - left) / float64(len(faults))
	s := new(svg)
	s.text(0, 14, "h", "Copies made of one request, when the vendor makes the copy and the answer is lost")
	s.text(0, 34, "n", "number of copies, and what the client reports; by default settings")
	for j, fault := range faults {
		s.text(left+(float64(j)+.5)*cell, 56, "mid", fault)
	}
	for i, client := range clients {
		y := top + float64(i)*step
		class := "end"
		if strings.HasPrefix(client, "agentcopy") {
			class = "end us"
		}
		s.text(left-8, y+16, class, client)
		for j, fault := range faults {
			x := left + float64(j)*cell
			at := slices.IndexFunc(f.lost, func(l lostAnswer) bool { return l.client == client && l.fault == fault })
			if at < 0 {
				continue
			}
			l := f.lost[at]
			box, text := "plain", "mid"
			switch {
			case l.copies != "1":
				box, text = "bad", "mid on"
			case class == "end us":
				box, text = "good", "mid us"
			}
			s.rect(x+2, y, cell-4, step-4, box)
			s.text(x+cell/2, y+16, text, l.copies+" · "+l.says)
		}
	}
	return s.end(top+float64(len(clients))*step+2, "Copies made by Go clients of one request whose answer is lost")
}
