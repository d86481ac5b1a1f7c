#include "storage/mail_address/mail_domain.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

TEST(MailDomain, IsNormalized) {
    struct {
        std::string_view text, domain, shown;
    } cases[] = {
        {"Example.ORG.", "example.org", "example.org"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example",
         "b\xc3\xbc"
         "cher.example"},
        {"B\xc3\x9c"
         "CHER.Example.",
         "xn--bcher-kva.example",
         "b\xc3\xbc"
         "cher.example"},
        {"XN--BCHER-KVA.example", "xn--bcher-kva.example",
         "b\xc3\xbc"
         "cher.example"},
        // Non-transitional: the sharp s is a letter of its own, not two (RFC 5894 §7.2).
        {"stra\xc3\x9f"
         "e.example",
         "xn--strae-oqa.example",
         "stra\xc3\x9f"
         "e.example"},
        // Separators of the scripts that have another full stop (UTS #46 §4).
        {"a\xe3\x80\x82\xc3\xb6.example", "a.xn--nda.example", "a.\xc3\xb6.example"},
        {"_dmarc.example", "_dmarc.example", "_dmarc.example"},
        {"localhost", "localhost", "localhost"},
    };
    for (const auto& c : cases) {
        auto domain = normalize_domain(c.text);
        ASSERT_TRUE(domain) << c.text << domain.error().message;
        EXPECT_EQ(*domain, c.domain);
        EXPECT_EQ(display_domain(*domain), c.shown);
        EXPECT_EQ(normalize_domain(*domain).value(), *domain);
    }
}

TEST(MailDomain, IsRefused) {
    for (std::string_view text : {"", ".", "a..b", ".a", "a b", "a,b", "-a", "a-", "a/b",
                                  "\xc3\xb6 x.example", "\xff.example", "\xe2\x98\x83\xcc\x88"}) {
        EXPECT_FALSE(normalize_domain(text)) << text;
    }
}

TEST(MailDomain, ShowsALabelThatIsNoneAsItIs) {
    EXPECT_EQ(display_domain("xn--99999999999.example"), "xn--99999999999.example");
    EXPECT_EQ(display_domain(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

}  // namespace
}  // namespace gatepost::storage
