#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/load/mail/mail_ledger.h"
#include "tools/load/mail/mail_report.h"
#include "tools/load/mail/mail_statistics.h"

namespace gatepost::tools {
namespace {

RecipientOutcome one(std::string_view address, RecipientFate fate, unsigned code = 0) {
    return {address, fate, SmtpStage::rcpt, code};
}

const MessageOutcome kMixed = {
    3,
    {one("a@x", RecipientFate::accepted), one("b@x", RecipientFate::rejected, 550),
     one("c@x", RecipientFate::unknown), one("d@x", RecipientFate::unsent)}};

TEST(MailCounts, AMessageCountsOnce) {
    MailCounts counts;
    counts.add(kMixed, 100);
    counts.add({0, {one("a@x", RecipientFate::rejected, 451)}}, 100);
    counts.add({0, {one("a@x", RecipientFate::unknown)}}, 100);
    counts.add({0, {one("a@x", RecipientFate::unsent), one("b@x", RecipientFate::rejected, 550)}},
               100);
    EXPECT_EQ(counts.accepted, 1u);
    EXPECT_EQ(counts.rejected, 1u);
    EXPECT_EQ(counts.unknown, 1u);
    EXPECT_EQ(counts.unsent, 1u);
    EXPECT_EQ(counts.octets, 100u);
    EXPECT_EQ(counts.recipients_accepted, 1u);
    EXPECT_EQ(counts.recipients_rejected, 3u);
    EXPECT_EQ(counts.recipients_unknown, 2u);
    EXPECT_EQ((counts.rejections[{SmtpStage::rcpt, 550}]), 2u);
}

TEST(MailCounts, SumsHaveEverything) {
    MailCounts counts;
    counts.add(kMixed, 100);
    counts.begun = counts.sessions = 4;
    counts.failures[static_cast<size_t>(SessionFailure::lost)] = 2;
    MailCounts sum;
    sum.add(counts);
    sum.add(counts);
    EXPECT_EQ(sum.begun, 8u);
    EXPECT_EQ(sum.sessions, 8u);
    EXPECT_EQ(sum.accepted, 2u);
    EXPECT_EQ(sum.octets, 200u);
    EXPECT_EQ(sum.recipients_unknown, 2u);
    EXPECT_EQ(sum.failed_sessions(), 4u);
    EXPECT_EQ((sum.rejections[{SmtpStage::rcpt, 550}]), 2u);
}

class TemporaryFile {
  public:
    TemporaryFile() : fd_(::mkstemp(path_)) {}
    ~TemporaryFile() { ::unlink(path_); }
    const char* path() const { return path_; }
    std::string text() const {
        std::ostringstream out;
        out << std::ifstream(path_).rdbuf();
        return out.str();
    }

  private:
    char path_[32] = "/tmp/gatepost-ledger-XXXXXX";
    UniqueFd fd_;
};

TEST(MailLedger, AppendsALineForEachRecipientThatMattersLater) {
    TemporaryFile file;
    for (int i = 0; i < 2; ++i) {
        auto ledger = MailLedger::open(file.path());
        ASSERT_TRUE(ledger) << ledger.error().message;
        ledger->add("id@h", kMixed);
        ASSERT_TRUE(ledger->flush());
        ASSERT_TRUE(ledger->flush());
    }
    const std::string once = "accepted\tid@h\ta@x\nrejected\tid@h\tb@x\nunknown\tid@h\tc@x\n";
    EXPECT_EQ(file.text(), once + once);
}

TEST(MailLedger, AFileThatCannotBeWrittenIsTold) {
    auto ledger = MailLedger::open("/nowhere/ledger");
    ASSERT_FALSE(ledger);
    EXPECT_EQ(ledger.error().code, ErrorCode::refused);
    auto full = MailLedger::open("/dev/full");
    ASSERT_TRUE(full);
    full->add("id@h", kMixed);
    EXPECT_FALSE(full->flush());
}

MailReport sample(const SmtpLoadOptions& options) {
    MailReport report{options, {}, {0.5, 1.5}};
    report.statistics.total.add(kMixed, 4096);
    report.statistics.total.begun = 2;
    report.statistics.total.sessions = 3;
    report.statistics.total.failures[static_cast<size_t>(SessionFailure::timeout)] = 1;
    report.statistics.duration_ns = 500'000'000;
    report.statistics.whole.add(1'000'000);
    report.statistics.final_reply.add(200'000);
    return report;
}

SmtpLoadOptions options_of_sample() {
    SmtpLoadOptions options;
    options.plan.target.text = "192.0.2.1@25";
    options.plan.dialogue.pipelining = true;
    options.engine.message_size = 4096;
    options.engine.rate = 100;
    return options;
}

TEST(MailReport, JsonHasEveryFigure) {
    const SmtpLoadOptions options = options_of_sample();
    auto json = nlohmann::json::parse(mail_report_json(sample(options)));
    EXPECT_EQ(json["target"], "192.0.2.1@25");
    EXPECT_EQ(json["protocol"], "SMTP, pipelining");
    EXPECT_EQ(json["rate"], 100);
    EXPECT_EQ(json["messages"], 2);
    EXPECT_EQ(json["accepted"], 1);
    EXPECT_DOUBLE_EQ(json["accepted_per_s"], 2.0);
    EXPECT_EQ(json["recipients"]["unknown"], 1);
    EXPECT_EQ(json["rejections"]["rcpt"]["550"], 1);
    EXPECT_EQ(json["connections"]["begun"], 3);
    EXPECT_EQ(json["connections"]["failed"], 1);
    EXPECT_EQ(json["connections"]["timeout"], 1);
    EXPECT_EQ(json["given_up"], false);
    EXPECT_NEAR(json["latency_us"]["p99"].get<double>(), 1000, 10);
    EXPECT_NEAR(json["final_reply_us"]["p50"].get<double>(), 200, 2);
    EXPECT_DOUBLE_EQ(json["cpu_us_per_message"], 1e6);
}

TEST(MailReport, TableTellsRejectionsAndFailures) {
    const SmtpLoadOptions options = options_of_sample();
    const std::string text = mail_report_table(sample(options));
    EXPECT_NE(text.find("550 at rcpt 1"), std::string::npos) << text;
    EXPECT_NE(text.find("3, failed 1, timeout 1"), std::string::npos) << text;
    EXPECT_NE(text.find("1 (2.0 /s)"), std::string::npos) << text;
}

TEST(MailReport, IntervalLine) {
    MailInterval interval;
    interval.end_ns = 3'000'000'000;
    interval.counts.accepted = 1234;
    interval.active = 20;
    EXPECT_TRUE(mail_interval_line(interval).starts_with(
        "  3.0 s  accepted 1,234  rejected 0  unknown 0  sessions 20  failed 0  "));
}

}  // namespace
}  // namespace gatepost::tools
