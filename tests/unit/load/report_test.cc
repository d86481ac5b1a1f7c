#include "tools/load/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gatepost::tools {
namespace {

RunReport sample() {
    RunReport report;
    report.target = "192.0.2.1@53";
    report.transport = "kernel sockets";
    report.rate = 1000;
    report.queries = 10;
    Statistics& all = report.statistics;
    all.duration_ns = 2'000'000'000;
    all.total.sent = 2000;
    all.total.answered = 1990;
    all.total.rcodes[0] = 1790;
    all.total.rcodes[3] = 200;
    all.total.unknown_id = 3;
    all.total.verdicts[static_cast<size_t>(Verdict::unexpected)] = 2;
    all.total.verdicts[static_cast<size_t>(Verdict::no_message)] = 1;
    all.lost = 10;
    all.late = 5;
    for (int i = 0; i < 1990; ++i) all.latency.add(100'000);
    report.transport_counters.bad_checksum = 4;
    report.cpu = {0.5, 1.5};
    return report;
}

TEST(Report, JsonHasEveryFigure) {
    auto json = nlohmann::json::parse(report_json(sample()));
    EXPECT_EQ(json["sent"], 2000);
    EXPECT_EQ(json["answered"], 1990);
    EXPECT_DOUBLE_EQ(json["answered_share"], 0.995);
    EXPECT_EQ(json["lost"], 10);
    EXPECT_EQ(json["qps_sent"], 1000.0);
    EXPECT_EQ(json["rate"], 1000);
    EXPECT_TRUE(json["in_flight"].is_null());
    EXPECT_EQ(json["rcodes"], (nlohmann::json{{"NOERROR", 1790}, {"NXDOMAIN", 200}}));
    EXPECT_NEAR(json["latency_us"]["p99_9"].get<double>(), 100, 1);
    EXPECT_EQ(json["wrong"]["total"], 3);
    EXPECT_EQ(json["wrong"]["unexpected"], 2);
    EXPECT_EQ(json["drops"]["bad_checksum"], 4);
    EXPECT_EQ(json["drops"]["unknown_id"], 3);
    EXPECT_EQ(json["late"], 5);
    EXPECT_EQ(json["cpu_s"]["system"], 1.5);
}

TEST(Report, TableIsForPeople) {
    std::string text = report_table(sample());
    for (const char* part :
         {"server           192.0.2.1@53\n", "sent             2,000 (1,000 /s)\n",
          "answered         1,990 (995 /s), 99.500 %\n", "lost             10 (0.500 %)\n",
          "NOERROR 89.9 %  NXDOMAIN 10.1 %\n", "no message 1, unexpected answer 2\n",
          "bad checksum 4, unknown id 3\n", "5 late, 0 not sent\n", "1000.000 us a query\n"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(Report, NothingSentIsNoDivisionByNothing) {
    RunReport report;
    EXPECT_EQ(nlohmann::json::parse(report_json(report))["answered_share"], 0.0);
    EXPECT_NE(report_table(report).find(" 0 (0 /s)\n"), std::string::npos);
    EXPECT_FALSE(interval_line({}).empty());
}

}  // namespace
}  // namespace gatepost::tools
