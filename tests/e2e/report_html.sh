# The report's page in a browser: no error on its console, every figure seen, at a desk and on a phone, in
# light and dark with enough contrast; tables sort; links lead somewhere; nothing comes from a network.
. "$(dirname "$0")/lib.sh"
command -v chromium >/dev/null 2>&1 || skip "no chromium"

m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o fleet.db --progress off --until "2 h" \
    --set "populations.meters.count=$(scaled 60 15)" --set 'populations.meters.ival.tampered=10 %'
m2m 0 report fleet.db -o page
page=page/report.html

# What a network would be asked for: nothing. Names of XML are no addresses.
equal "no address of a network" "" "$(sed "s|xmlns[:a-z]*=['\"][^'\"]*['\"]||g" "$page" | grep -oE "https?://[^'\" <]*" | head -n 3)"
equal "nothing loaded from beside it" "" \
    "$(grep -oE "(src|srcset)=['\"][^'\"]*|@import[^;]*|url\((['\"]?)[^#d)'\"][^)]*\)" "$page" | head -n 3)"

# The files it names are there.
grep -oE "href='[^'#]+'" "$page" | sed "s/href='//;s/'//" | grep -v '^data:' | sort -u >names
while IFS= read -r name; do
    holds "$name is there" test -s "page/$name"
done <names
holds "it names files" grep -q "href='latency-cdf.svg'" "$page"

# The page with a script of the test behind it, which leaves its findings in the page.
prepare() { # FOLDER
    sed "/<\/body>/,\$d" "$1/report.html" >"$1/tested.html"
    {
        echo "<script>"
        cat "$M2M_SOURCE/tests/e2e/report_html.js"
        echo "</script></body></html>"
    } >>"$1/tested.html"
    sed -i "s|<head>|<head><script>window.faults = []; addEventListener('error', (e) => faults.push('error: ' + e.message));\
for (const level of ['error', 'warn']) console[level] = (...a) => faults.push('console: ' + a.join(' '));</script>|" "$1/tested.html"
}

browse() { # FOLDER NAME WIDTH FLAG...
    folder=$1
    name="$1, $2"
    width=$3
    shift 3
    if ! timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
        --user-data-dir="$work/browser" --window-size="$width,900" --virtual-time-budget=20000 \
        --enable-logging=stderr "$@" --dump-dom "file://$work/$folder/tested.html" >dom 2>browser.log; then
        fault "$name: chromium failed"
        tail -n 3 browser.log
    fi
    # A browser logs what a page says on its console.
    equal "$name: console" "" "$(grep -E 'CONSOLE' browser.log | head -n 3)"
    sed -n '/<pre id="findings">/,/<\/pre>/p' dom | sed 's/<[^>]*>//g' >findings
    says findings '^figures: [1-9][0-9]* seen'
    says findings '^tables: [1-9][0-9]* columns sorted'
    says findings '^links: [1-9]'
    says findings "^width: "
    while IFS= read -r line; do
        case $line in FAULT*) fault "$name: ${line#FAULT }" ;; esac
    done <findings
    checks=$((checks + 1))
    cat findings >>all
}

prepare page
browse page desk 1100
figures=$(sed -n 's/^figures: \([0-9]*\) seen.*/\1/p' findings)
equal "each figure that was written is seen" "$(find page -name '*.svg' | wc -l | tr -d ' ')" "$figures"
browse page phone 390
equal "on a phone too" "$figures" "$(sed -n 's/^figures: \([0-9]*\) seen.*/\1/p' findings)"
browse page dark 1100 --force-dark-mode --blink-settings=preferredColorScheme=0
says findings '^scheme: dark'
holds "the other ones are light" test "$(grep -c '^scheme: light' all)" -eq 2

# A sweep with goals: verdicts, a figure of small multiples, a table of cells.
m2m 4 run "$M2M_SOURCE/topologies/hello.yaml" -o sweep.db --progress off --until '10 min' --replications 2 \
    --vary 'populations.meter.report.size=100 B,800 B' --vary populations.core.workers=1,2 \
    --goal 'p99(bootstrap.latency) < 1 s' --goal 'success(connection) > 50 %'
m2m 0 report sweep.db -o sweep
says sweep/report.html "<p class='banner bad' role='status'>Missed: "
says sweep/report.html "<td class='verdict bad'>no</td>"
says sweep/report.html 'Only 2 runs of a cell'
says sweep/report.md '^\\| 3 \\| size=800 B, workers=2 \\| bootstrap '
prepare sweep
browse sweep desk 1100
holds "the sweep has its figure" grep -q "<figure id='figure-sweep'>" sweep/report.html
browse sweep phone 390

# On paper: what was folded is there, in few pages.
if ! timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/browser" --no-pdf-header-footer --print-to-pdf="$work/page.pdf" \
    "file://$work/$page" >browser.log 2>&1; then
    fault "print: chromium failed"
fi
pdftotext -layout page.pdf page.txt
says page.txt 'Who saturates first'
equal "each chart is on paper" "$(grep -c "<details class='chart'" "$page")" "$(grep -cE 'where the time went' page.txt)"
holds "at most 30 pages" test "$(pdfinfo page.pdf | sed -n 's/^Pages: *//p')" -le 30
finish
