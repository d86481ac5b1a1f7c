"""What the runs of streams.py come to: medians, tables, ratios."""

import report

FULL = 0.93  # of a core: the generator's, which then decides the rate
DOH = ("doh_get", "doh_post", "doh_h2load")
CONNECTIONS = ("connect", "handshake", "resumption")


def query_figures(runs):
    """`runs`: of one server, by kind."""
    out = {}
    for kind, all_ in runs.items():
        if not all_:
            continue
        out |= {
            f"{kind}_qps": report.median([run.load.qps for run in all_]),
            f"{kind}_cpu_us_per_query": report.median([run.cpu_us for run in all_]),
            f"{kind}_user_us_per_query": report.median([run.user_us for run in all_]),
            f"{kind}_sys_us_per_query": report.median([run.system_us for run in all_]),
            f"{kind}_generator_cores": report.median([run.own_cores for run in all_]),
            f"{kind}_lost": sum(run.load.lost for run in all_),
        }
    return out


def connection_figures(runs):
    """The same of connections; a server that resumes nothing has no figure for that."""
    out = {}
    for kind, all_ in (runs or {}).items():
        if all_ and all(all_):
            out[f"{kind}_cpu_us"] = report.median([run.cpu_us for run in all_])
            out[f"{kind}_user_us"] = report.median([run.user_us for run in all_])
            out[f"{kind}_per_s"] = report.median([run.per_s for run in all_])
    return out


def best(figures, kind):
    """The peer with the least processor time per query; None: there is none."""
    key = f"{kind}_cpu_us_per_query"
    peers = [name for name in figures if name != "gatepost" and figures[name].get(key)]
    return min(peers, key=lambda name: figures[name][key]) if peers else None


def per_cpu(figures, kind, peer):
    """Ours divided by theirs, of queries per second of processor time; None: one of them has no figure."""
    key = f"{kind}_cpu_us_per_query"
    ours, theirs = figures["gatepost"].get(key), figures.get(peer, {}).get(key)
    return theirs / ours if ours and theirs else None


def handshake_ratios(figures):
    ours, library = figures["gatepost"], figures["boringssl"]
    out = {}
    for kind in ("handshake", "resumption"):
        cost = ours.get(f"{kind}_cpu_us")
        if not cost:
            continue
        out[f"{kind}_vs_library"] = library[f"{kind}_raw"] / cost
        out[f"{kind}_without_tcp_vs_library"] = library[f"{kind}_raw"] / (cost - ours["connect_cpu_us"])
        for name, theirs in figures.items():
            if name != "gatepost" and theirs.get(f"{kind}_cpu_us"):
                out[f"{kind}_per_cpu_vs_{name}"] = theirs[f"{kind}_cpu_us"] / cost
    if ours.get("resumption_cpu_us"):
        out["resumption_vs_full"] = ours["handshake_cpu_us"] / ours["resumption_cpu_us"]
    return out


def ratios(figures):
    out = {"tcp_qps_per_cpu_vs_knot": per_cpu(figures, "tcp", "knot"),
           "tcp_many_qps_per_cpu_vs_knot": per_cpu(figures, "tcp_many", "knot")}
    for kind in ("dot", "dot_many", *DOH, "doh_many"):
        out[f"{kind}_qps_per_cpu_vs_best"] = per_cpu(figures, kind, best(figures, kind))
        for peer in figures:
            if peer not in ("gatepost", "boringssl"):
                out[f"{kind}_qps_per_cpu_vs_{peer}"] = per_cpu(figures, kind, peer)
    ways = [ratio for kind in DOH if (ratio := out[f"{kind}_qps_per_cpu_vs_best"])]
    out["doh_qps_per_cpu_vs_best"] = min(ways) if ways else None
    out |= handshake_ratios(figures)
    for peer, theirs in figures.items():
        if peer != "gatepost" and theirs.get("idle_bytes"):
            out[f"idle_bytes_vs_{peer}"] = figures["gatepost"]["idle_bytes"] / theirs["idle_bytes"]
    for depth, echo in figures["gatepost"]["echo"].items():
        out[f"echo_depth_{depth}_cpu_vs_raw"] = echo["ratio"]
    return {name: ratio for name, ratio in out.items() if ratio is not None}


def print_queries(figures, kinds):
    print("\nMedians. Processor time in us per answered query, of all the server's processes.")
    keys = ("qps", "cpu_us_per_query", "user_us_per_query", "sys_us_per_query")
    for kind in kinds:
        rows = [[name, *(row[f"{kind}_{key}"] for key in keys), f"{row[f'{kind}_generator_cores']:.0%}"]
                for name, row in figures.items() if f"{kind}_qps" in row]
        if rows:
            print(f"{kind}:")
            report.table(["server", *keys, "generator's core"], rows)
        full = [name for name, row in figures.items() if row.get(f"{kind}_generator_cores", 0) > FULL]
        if full:
            print(f"The generator could ask no more of {', '.join(full)}: compare processor time there, not rates.\n")


def print_connections(figures):
    keys = [f"{kind}_{what}" for kind in CONNECTIONS for what in ("cpu_us", "user_us", "per_s")]
    keys += ["idle_connections", "idle_bytes", "idle_kernel_bytes"]
    print("Connections: the server's processor time for one in us, and how many the client made a second.")
    titles = [key.replace("connections", "held").replace("idle_", "idle ").replace("_", " ") for key in keys]
    report.table(["server", *titles], [[name, *(row.get(key) for key in keys)] for name, row in figures.items()
                                     if any(key in row for key in keys)])
    library = figures["boringssl"]
    print("The server's part of a handshake over memory: BoringSSL alone "
          f"{library['handshake_raw']:.1f} us, resumed {library['resumption_raw']:.1f} us; through TlsSession "
          f"{library['handshake_session']:.1f} and {library['resumption_session']:.1f} us.\n")
