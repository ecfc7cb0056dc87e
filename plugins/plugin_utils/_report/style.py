# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page looks, but for its colours. Nothing is fetched: fonts are the reader's own."""

STYLE = """\
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:110rem;margin:0 auto;padding:0 clamp(.8rem,3vw,2.5rem)}
header{padding-top:1.6rem}
h1{font-size:1.55rem;line-height:1.2;margin:0}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem}
h3{font-size:.95rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0;max-width:75ch}
td,.facts dd{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
td{font-size:.86em;overflow-wrap:break-word}
.muted,footer,small,.hint{color:var(--muted)}
.verdict{display:inline-block;margin:1rem 0 .2rem;padding:.45rem .9rem;border-radius:.6rem;
 font-weight:600;border:1px solid currentColor}
.verdict.good,td.good{background:var(--good);color:var(--good-ink)}
.verdict.bad,td.bad{background:var(--bad);color:var(--bad-ink)}
.verdict.idle{background:var(--idle);color:var(--muted)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;
 margin:1rem 0 0}
.facts div{background:var(--paper);border:1px solid var(--rule);border-radius:.6rem;
 padding:.5rem .8rem}
.facts dt{color:var(--muted);font-size:.8rem}
.facts dd{margin:0;font-size:1.25rem}
figure{margin:0}
.picture,.scroll{overflow:auto;background:var(--paper);border:1px solid var(--rule);
 border-radius:.7rem}
.picture{padding:.5rem;max-height:85vh}
.picture svg{display:block;margin:0 auto;height:auto;
 max-width:max(100%,calc(var(--natural)*.7))}
@media (min-width:60rem){.picture svg{max-width:max(100%,calc(var(--natural)*.6))}}
.picture:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
svg [font-family^=Helv]{font-family:Arial,Helvetica,"Liberation Sans",sans-serif}
svg [font-family^=Cour]{font-family:"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.6rem 0 0;list-style:none;
 font-size:.85rem;color:var(--muted)}
.legend span{display:inline-block;width:2.2rem;margin-right:.45rem;vertical-align:middle;
 border-top:0 solid}
.scroll{max-height:80vh;width:fit-content;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.4rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
tr:last-child>*{border-bottom:0}
thead th{position:sticky;top:0;z-index:1;background:var(--paper);color:var(--muted);
 font-weight:600;box-shadow:inset 0 -1px var(--rule)}
tbody th{font-weight:600}
.matrix{width:auto}
.matrix td b,.matrix td small{display:block}
.matrix td{min-width:9rem}
.matrix td.none{color:var(--muted);text-align:center}
.matrix tbody th{position:sticky;left:0;background:var(--paper);min-width:6.5rem;max-width:12rem}
.failures li{margin:.5rem 0;padding-left:.2rem}
details{margin:.7rem 0}
summary{cursor:pointer;font-weight:600;padding:.2rem 0}
.whole{white-space:nowrap}
footer{font-size:.85rem;padding-top:2rem;padding-bottom:2.5rem}
@media print{.picture,.scroll{max-height:none;overflow:visible}}
"""
