#include "tools/gatepost/command/service_records.h"

#include <gtest/gtest.h>

#include <map>

namespace gatepost::tools {
namespace {

std::map<std::string, std::string> records_of(const MailConfig& mail,
                                              const ServiceHosts& hosts = {}) {
    std::map<std::string, std::string> out;
    for (const controlplane::ExtraRecord& record : service_records(mail, hosts)) {
        EXPECT_EQ(record.type, "SRV");
        EXPECT_EQ(record.values.size(), 1u);
        out[record.name] = record.values.front();
    }
    return out;
}

Endpoint at(const char* text) {
    return endpoint_from_text(text, 1).value();
}

TEST(ServiceRecords, SayWhatIsServedAndWhatIsNot) {
    MailConfig mail;
    mail.hostname = "mx.example.net";
    mail.submissions_listen = {at("127.0.0.1@465"), at("192.0.2.1@465")};
    mail.submission_listen = {at("192.0.2.1@587")};
    mail.imaps_listen = {at("::@993")};
    mail.imap_listen = {at("127.0.0.1@143")};
    mail.pop3s_listen = {at("192.0.2.1@995")};
    EXPECT_EQ(records_of(mail),
              (std::map<std::string, std::string>{{"_submissions._tcp", "0 1 465 mx.example.net."},
                                                  {"_submission._tcp", "10 1 587 mx.example.net."},
                                                  {"_imaps._tcp", "0 1 993 mx.example.net."},
                                                  {"_imap._tcp", "0 0 0 ."},
                                                  {"_pop3s._tcp", "20 1 995 mx.example.net."},
                                                  {"_pop3._tcp", "0 0 0 ."}}));
}

TEST(ServiceRecords, NameTheHostsOfTheDomain) {
    MailConfig mail;
    mail.hostname = "mx.example.net";
    mail.submissions_listen = {at("192.0.2.1@465")};
    mail.imaps_listen = {at("192.0.2.1@993")};
    mail.pop3s_listen = {at("192.0.2.1@995")};
    auto records = records_of(mail, {.imap = "imap.example.org", .pop = "", .smtp = "out.example"});
    EXPECT_EQ(records["_imaps._tcp"], "0 1 993 imap.example.org.");
    EXPECT_EQ(records["_pop3s._tcp"], "20 1 995 mx.example.net.");
    EXPECT_EQ(records["_submissions._tcp"], "0 1 465 out.example.");
    EXPECT_EQ(records["_imap._tcp"], "0 0 0 .");
    // What has no name that others know is left out.
    mail.hostname = "localhost";
    records = records_of(mail, {.imap = "imap.example.org", .pop = "", .smtp = ""});
    EXPECT_EQ(records.count("_imaps._tcp"), 1u);
    EXPECT_EQ(records.count("_pop3s._tcp"), 0u);
}

TEST(ServiceRecords, ThereAreNoneWhereNobodyCouldComeIn) {
    MailConfig mail;
    mail.hostname = "mx.example.net";
    EXPECT_TRUE(records_of(mail).empty());
    mail.imap_listen = {at("127.0.0.1@2143"), at("::1@2143")};
    EXPECT_TRUE(records_of(mail).empty());
    mail.imap_listen = {at("192.0.2.1@143")};
    EXPECT_FALSE(records_of(mail).empty());
    mail.hostname = "localhost";
    EXPECT_TRUE(records_of(mail).empty());
}

}  // namespace
}  // namespace gatepost::tools
