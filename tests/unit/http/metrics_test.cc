// /metrics in both formats, checked as promtool would.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>

#include "dataplane/http/metrics_writer.h"
#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

bool is_name(std::string_view text, std::string_view more) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || more.find(c) != more.npos;
    });
}

// A sample: name, labels with their braces, value. Empty names: it is none.
struct Sample {
    std::string name;
    std::string labels;
    std::string value;
};

// {name="value",...}; gives its length, 0 where it is none.
size_t read_labels(std::string_view text) {
    size_t at = 1;
    while (true) {
        size_t equals = text.find("=\"", at);
        if (equals == text.npos || !is_name(text.substr(at, equals - at), "_")) return 0;
        for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
            if (text[at] != '\\') continue;
            ++at;
            if (at == text.size() || std::string_view("\\\"n").find(text[at]) == text.npos)
                return 0;
        }
        if (++at >= text.size()) return 0;
        if (text[at] == '}') return at + 1;
        if (text[at++] != ',') return 0;
    }
}

Sample read_sample(std::string_view line) {
    size_t end = line.find_first_of("{ ");
    if (end == line.npos || !is_name(line.substr(0, end), "_:")) return {};
    size_t labels = line[end] == '{' ? read_labels(line.substr(end)) : 0;
    if (line[end] == '{' && labels == 0) return {};
    std::string_view rest = line.substr(end + labels);
    if (rest.size() < 2 || rest[0] != ' ') return {};
    std::string value(rest.substr(1));
    char* behind = nullptr;
    std::strtod(value.c_str(), &behind);
    if (*behind != 0 || std::isspace(static_cast<unsigned char>(value[0]))) return {};
    return {std::string(line.substr(0, end)), std::string(line.substr(end, labels)), value};
}

// Every line is metadata, a sample or the end; families come whole, with their metadata in front;
// no series twice. Gives what is wrong; `series` gets name{labels} → value.
std::string lint(const std::string& text, bool open_metrics,
                 std::map<std::string, std::string>& series) {
    std::set<std::string> types, helps;
    std::string family, kind;
    std::istringstream lines(text);
    bool ended = false;
    for (std::string line; std::getline(lines, line);) {
        if (ended) return "behind the end: " + line;
        if (line == "# EOF") {
            ended = true;
        } else if (line.starts_with("# ")) {
            std::istringstream words(line.substr(2));
            std::string meta, name, rest;
            words >> meta >> name;
            std::getline(words, rest);
            if (!is_name(name, "_:") || rest.size() < 2) return "no metadata: " + line;
            if (meta == "TYPE") family = name, kind = rest.substr(1);
            if (meta != "TYPE" && (meta != "HELP" || name != family)) return "HELP: " + line;
            if (!(meta == "TYPE" ? types : helps).insert(name).second) return "again: " + line;
        } else {
            Sample sample = read_sample(line);
            std::string total = kind == "counter" && open_metrics ? "_total" : "";
            if (sample.name.empty()) return "neither: " + line;
            if (sample.name != family + total) return "sample of another family: " + line;
            if (kind == "counter" && !sample.name.ends_with("_total")) return "no _total: " + line;
            if (!series.emplace(sample.name + sample.labels, sample.value).second)
                return "twice: " + line;
        }
    }
    if (types != helps) return "types and helps differ";
    if (ended != open_metrics) return "# EOF";
    return text.ends_with('\n') ? "" : "no line feed at the end";
}

TEST(Metrics, TheCheckFindsWhatIsWrong) {
    std::map<std::string, std::string> series;
    auto check = [&](const std::string& text) {
        series.clear();
        return lint(text, true, series);
    };
    const std::string kHead = "# TYPE a counter\n# HELP a h\n";
    EXPECT_EQ(check(kHead + "a_total{b=\"\\\"\"} 1\n# EOF\n"), "");
    EXPECT_EQ(series.size(), 1u);
    for (const char* wrong : {"a 1\n", "a_total{b=\"\"\"} 1\n", "a_total x\n", "b_total 1\n",
                              "a_total 1\na_total 2\n", "# TYPE a counter\n", "a_total{} 1\n"})
        EXPECT_NE(check(kHead + wrong + "# EOF\n"), "") << wrong;
    EXPECT_NE(check(kHead), "");
    EXPECT_NE(check("a_total 1\n# EOF\n"), "");
}

HttpText scrape(HttpRig& rig, const std::string& accept = "") {
    return read_response(rig.play("GET /metrics HTTP/1.1\r\nHost: a\r\n" + accept + "\r\n"));
}

TEST(Metrics, BothFormatsAreWellFormed) {
    HttpRig rig({.site = HttpSite::admin, .version = "1.2.3"});
    storage::RuntimePage& page = rig.environment.mutable_page();
    page.nic_count.store(1);
    std::strcpy(page.nics[0].interface, "eth0");
    page.nics[0].first_worker.store(1);
    page.nics[0].worker_count.store(12);
    for (size_t i = 1; i < 13; ++i) {
        page.polls[i].sampled_frames.store(3);
        page.polls[i].stage_cycles[0].store(100);
    }
    rig.environment.certificate_facts = {
        {"a.example", 2'000'000'000}, {"*.example", 5}, {"a.example", 6}};
    HttpText open = scrape(rig);
    EXPECT_EQ(open.fields["content-type"],
              "application/openmetrics-text; version=1.0.0; charset=utf-8");
    std::map<std::string, std::string> series;
    EXPECT_EQ(lint(open.body, true, series), "");
    EXPECT_EQ(series["gatepost_tls_cert_expiry_seconds{name=\"a.example\"}"], "2000000000");
    EXPECT_EQ(series["gatepost_worker_cycles_per_packet{core=\"12\"}"], "33.3333");
    EXPECT_EQ(series["gatepost_nic_ready{interface=\"eth0\"}"], "0");
    for (const char* accept :
         {"Accept: text/plain\r\n", "Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1\r\n"}) {
        HttpText plain = scrape(rig, accept);
        EXPECT_EQ(plain.fields["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        std::map<std::string, std::string> same;
        EXPECT_EQ(lint(plain.body, false, same), "");
        EXPECT_EQ(same.size(), series.size());
    }
    // Prometheus itself.
    EXPECT_TRUE(scrape(rig,
                       "Accept: application/openmetrics-text;version=1.0.0;q=0.5,"
                       "text/plain;version=0.0.4;q=0.4,*/*;q=0.1\r\n")
                    .fields["content-type"]
                    .starts_with("application/openmetrics-text"));
}

TEST(Metrics, WorkersAreSummed) {
    HttpRig rig({.site = HttpSite::admin, .version = "1.2.3"});
    storage::RuntimePage& page = rig.environment.mutable_page();
    page.worker_count.store(2);
    page.workers[0].queries[0][1].store(5);
    page.workers[1].queries[0][1].store(7);
    page.workers[2].queries[0][1].store(100);  // there is none
    page.workers[1].rcodes[3].store(2);
    page.workers[1].slipped.store(9);
    page.workers[0].dropped[static_cast<size_t>(storage::Drop::rate_limited)].store(4);
    page.streams[1].handshakes[1][0].store(11);
    page.streams[0].handshakes[1][1].store(12);
    page.streams[1].tls_failures[static_cast<size_t>(storage::TlsFailure::alpn)].store(3);
    page.streams[1].ends[static_cast<size_t>(storage::StreamEnd::idle)].store(6);
    page.streams[1].http_requests[1][1].store(8);
    std::map<std::string, std::string> series;
    EXPECT_EQ(lint(scrape(rig).body, true, series), "");
    EXPECT_EQ(series["gatepost_dns_queries_total{transport=\"udp\",family=\"ipv6\"}"], "12");
    EXPECT_EQ(series["gatepost_dns_responses_total{rcode=\"NXDOMAIN\"}"], "2");
    EXPECT_EQ(series["gatepost_dns_rrl_total{action=\"slip\"}"], "9");
    EXPECT_EQ(series["gatepost_dns_rrl_total{action=\"drop\"}"], "4");
    EXPECT_EQ(series["gatepost_dns_dropped_total{reason=\"rate_limited\"}"], "4");
    EXPECT_EQ(series["gatepost_tls_handshakes_total{version=\"1.3\",result=\"full\"}"], "11");
    EXPECT_EQ(series["gatepost_tls_handshakes_total{version=\"1.3\",result=\"resumed\"}"], "12");
    EXPECT_EQ(series["gatepost_tls_handshakes_total{version=\"\",result=\"failed\"}"], "3");
    EXPECT_EQ(series["gatepost_tls_failures_total{reason=\"alpn\"}"], "3");
    EXPECT_EQ(series["gatepost_streams_ended_total{reason=\"idle\"}"], "6");
    EXPECT_EQ(series["gatepost_http_requests_total{version=\"2\",class=\"2xx\"}"], "8");
    EXPECT_EQ(series["gatepost_snapshot_version{snapshot=\"zones\"}"], "7");
    EXPECT_EQ(series["gatepost_snapshot_age_seconds{snapshot=\"zones\"}"], "10");
    EXPECT_EQ(series["gatepost_snapshot_age_seconds{snapshot=\"directory\"}"], "20");
    EXPECT_EQ(series["gatepost_build_info{version=\"1.2.3\"}"], "1");
    rig.environment.zone_facts = {};
    std::map<std::string, std::string> without;
    EXPECT_EQ(lint(scrape(rig).body, true, without), "");
    EXPECT_EQ(without.count("gatepost_snapshot_version{snapshot=\"zones\"}"), 0u);
}

TEST(Metrics, LabelsAreEscaped) {
    TestEnvironment environment;
    ChunkQueue text(environment.pool);
    TextWriter out(text);
    MetricsWriter metrics(out, true);
    metrics.family("x", MetricKind::gauge, "A \"help\"\nwith \\");
    metrics.sample({{"a", "q\"b\\n\n"}, {"c", ""}}, uint64_t{1});
    metrics.end();
    EXPECT_EQ(to_string(text.front()),
              "# TYPE x gauge\n# HELP x A \\\"help\\\"\\nwith \\\\\n"
              "x{a=\"q\\\"b\\\\n\\n\",c=\"\"} 1\n# EOF\n");
}

}  // namespace
}  // namespace gatepost::tests
