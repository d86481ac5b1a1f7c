#include "tools/gatepost/command/cert_output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gatepost::tools {
namespace {

controlplane::CertificateInfo certificate() {
    return {.id = 7,
            .domain = "example.org",
            .type = "live",
            .key_type = "ecdsa",
            .names = {"example.org", "www.example.org", "mail.example.org"},
            .issuer = "CN=R11\\, really,O=Example CA,C=CH",
            .subject = "CN=example.org",
            .serial_number = "0a",
            .fingerprint = "ab12",
            .not_before = "2026-08-01T00:00:00Z",
            .not_after = "2026-10-30T00:00:00Z",
            .status = "warning",
            .days_left = 12,
            .used_by = {"dns", "smtp"},
            .has_ocsp_response = false,
            .sealing_key = "0123456789abcdef",
            .source = "import",
            .created_at = "2026-08-01T01:00:00Z"};
}

TEST(CertOutput, ARowForEach) {
    auto expired = certificate();
    expired.status = "expired";
    expired.days_left = -3;
    expired.used_by.clear();
    expired.names = {"example.org"};
    expired.issuer = "O=No common name";
    auto valid = certificate();
    valid.status = "valid";
    valid.days_left = 1;
    valid.used_by = {"dns", "https", "imap", "pop3", "sieve", "smtp"};
    const std::string table = certificate_table({certificate(), expired, valid});
    EXPECT_NE(table.find("example.org www.example.org +1  R11\\, really"), std::string::npos)
        << table;
    EXPECT_NE(table.find("2026-10-30  12 days, warning  dns, smtp\n"), std::string::npos) << table;
    EXPECT_NE(table.find("O=No common name  2026-10-30  expired           nobody\n"),
              std::string::npos)
        << table;
    EXPECT_NE(table.find("1 day             all services\n"), std::string::npos) << table;
}

TEST(CertOutput, StableKeys) {
    const auto json = certificate_json(certificate());
    std::string keys;
    for (const auto& [key, value] : json.items()) keys += key + " ";
    EXPECT_EQ(keys,
              "domain type key_type names issuer subject serial_number fingerprint_sha256 "
              "not_before not_after status days_left in_use_by ocsp_response sealing_key source "
              "created_at ");
    EXPECT_EQ(json["days_left"], 12);
}

TEST(CertOutput, AllAboutOne) {
    const std::string text = certificate_text(certificate());
    for (const char* part :
         {"example.org, live\n", "names         example.org www.example.org mail",
          "valid until   2026-10-30T00:00:00Z (12 days, warning)", "ocsp          –",
          "key sealed    with 0123456789abcdef"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(CertOutput, Filter) {
    Arguments arguments;
    arguments.set("DOMAIN", {"Mail.Example.org."});
    arguments.set("--type", {"staged"});
    auto filter = certificate_filter(arguments);
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->domain, "mail.example.org");
    EXPECT_EQ(filter->type, "staged");
    arguments.set("--type", {"best"});
    EXPECT_EQ(certificate_filter(arguments).error().code, ErrorCode::usage);
    Arguments none;
    EXPECT_EQ(certificate_filter(none)->domain, "");
    none.set("--key-type", {"dsa"});
    EXPECT_EQ(certificate_filter(none).error().code, ErrorCode::usage);
    none.set("DOMAIN", {"a b"});
    EXPECT_EQ(certificate_filter(none).error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace gatepost::tools
