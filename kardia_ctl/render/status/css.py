"""How the page looks: light and dark, at a desk, on a phone and on paper."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ground:#fff;--card:#f6f8fa;--ink:#1b1f24;--quiet:#57606a;--rule:#d0d7de;
--declared:#6e7781;--issued:#0a5fc4;--connected:#116329;--pending:#8a5a00;--expired:#b3261e;--track:#e4e8ec}
@media screen and (prefers-color-scheme:dark){:root{--ground:#0e1116;--card:#171b22;--ink:#e6edf3;
--quiet:#9aa5b1;--rule:#343b44;--declared:#8b949e;--issued:#6cb0ff;--connected:#4cc46a;--pending:#e0aa3e;
--expired:#ff8a80;--track:#262c35}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.15rem;margin:36px 0 10px}
h3{font-size:.95rem;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:6px 0}
.quiet,caption{color:var(--quiet);font-size:.875rem}
.lead{font-size:1.125rem;margin-top:14px}
.warning{border:1px solid var(--expired);border-left-width:6px;border-radius:6px;padding:8px 12px;
margin:14px 0}
figure{margin:0;padding:16px;background:var(--card);border:1px solid var(--rule);border-radius:8px}
figcaption{margin-top:10px}
figure+figure{margin-top:16px}
.several{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr));gap:16px;margin-top:16px}
.several figure{margin:0}
svg{display:block;width:100%;height:auto}
svg text{font-size:12px;fill:var(--ink);font-family:inherit}
svg .tick,svg .quiet{fill:var(--quiet)}
svg .bars,svg .label{font-size:13px}
.chart .label{font-size:12px}
svg .strong{font-weight:600}
svg .end{text-anchor:end}
svg .middle{text-anchor:middle}
.grid{stroke:var(--rule);stroke-width:1;fill:none}
.axis{stroke:var(--quiet);stroke-width:1;fill:none}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.declared{stroke:var(--declared);stroke-dasharray:2 4}
.line.issued{stroke:var(--issued);stroke-dasharray:8 4}
.line.connected{stroke:var(--connected);stroke-width:3}
.dot.declared{fill:var(--ground);stroke:var(--declared);stroke-width:2}
.dot.issued{fill:var(--ground);stroke:var(--issued);stroke-width:3}
.dot.connected{fill:var(--connected)}
.track{fill:var(--track)}
.bar{fill:var(--declared)}
.bar.issued{fill:var(--issued)}
.bar.connected{fill:var(--connected)}
.bar.pending{fill:var(--pending)}
.bar.expired{fill:var(--expired)}
.narrow{display:none}
.scroll{overflow-x:auto;margin-top:20px}
.scroll:focus-visible{outline:2px solid var(--issued);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:6px}
th,td{padding:6px 7px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
thead th{vertical-align:bottom;white-space:normal;color:var(--quiet);font-weight:600}
th:first-child{text-align:left;padding-left:0}
tbody th{font-weight:400;white-space:normal;overflow-wrap:anywhere;min-width:8em}
tfoot th,tfoot td{font-weight:600;border-bottom:0}
details{margin-top:12px}
summary{cursor:pointer}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.875rem;margin:8px 0}
dt{font-weight:600}
dd{margin:0;color:var(--quiet)}
ul{padding-left:1.2em;margin:6px 0;overflow-wrap:anywhere}
@media screen and (max-width:640px){main{padding:16px 12px 32px}figure{padding:12px}
.wide{display:none}.narrow{display:block}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:6px}}
@media print{main{max-width:none;padding:0}figure,table,.warning{break-inside:avoid}h2{break-after:avoid}
.bar,.track,figure{print-color-adjust:exact}}
"""
