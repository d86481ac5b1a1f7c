#include "storage/mail_address/mail_address.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

struct AddressCase {
    std::string_view text;
    std::string_view local_part;
    std::string_view domain;
    std::string_view written;
};

class MailAddressReads : public testing::TestWithParam<AddressCase> {};

TEST_P(MailAddressReads, AndWritesTheSame) {
    const AddressCase& c = GetParam();
    auto address = read_mail_address(c.text, AddressForm::utf8);
    ASSERT_TRUE(address) << c.text << ": " << describe(address.error());
    EXPECT_EQ(address->local_part, c.local_part);
    EXPECT_EQ(address->domain, c.domain);
    EXPECT_EQ(address->text(), c.written);
    EXPECT_EQ(read_mail_address(address->text(), AddressForm::utf8), *address);
}

INSTANTIATE_TEST_SUITE_P(
    , MailAddressReads,
    testing::Values(
        AddressCase{"a@b", "a", "b", "a@b"},
        AddressCase{"Alice.Smith@Example.ORG.", "alice.smith", "example.org",
                    "alice.smith@example.org"},
        AddressCase{"!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~", "x.example",
                    "!#$%&'*+-/=?^_`{|}~@x.example"},
        AddressCase{"\"alice\"@example.org", "alice", "example.org", "alice@example.org"},
        AddressCase{"\"al\\ice\"@example.org", "alice", "example.org", "alice@example.org"},
        AddressCase{"\"John Doe\"@example.org", "john doe", "example.org",
                    "\"john doe\"@example.org"},
        AddressCase{"\"a@b>c\"@example.org", "a@b>c", "example.org", "\"a@b>c\"@example.org"},
        AddressCase{R"("a\"b\\c"@example.org)", R"(a"b\c)", "example.org",
                    R"("a\"b\\c"@example.org)"},
        AddressCase{"\"\"@example.org", "", "example.org", "\"\"@example.org"},
        AddressCase{"\"a..b\"@example.org", "a..b", "example.org", "\"a..b\"@example.org"},
        AddressCase{"a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
        AddressCase{"a@[ipv6:2001:DB8:0:0::1]", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
        AddressCase{"J\xc3\x96RG@b\xc3\xbc"
                    "cher.example",
                    "j\xc3\xb6rg", "xn--bcher-kva.example", "j\xc3\xb6rg@xn--bcher-kva.example"},
        // The umlaut as a letter and a combining mark: NFC makes one of the two (RFC 6532 §3.1).
        AddressCase{"jo\xcc\x88rg@example.org", "j\xc3\xb6rg", "example.org",
                    "j\xc3\xb6rg@example.org"}));

struct FaultCase {
    std::string text;
    AddressForm form;
    MailAddressFault fault;
};

class MailAddressRefuses : public testing::TestWithParam<FaultCase> {};

TEST_P(MailAddressRefuses, WithItsReason) {
    const FaultCase& c = GetParam();
    auto address = read_mail_address(c.text, c.form);
    ASSERT_FALSE(address) << c.text;
    EXPECT_EQ(describe(address.error()), describe(c.fault)) << c.text;
}

using enum AddressForm;
using Fault = MailAddressFault;

INSTANTIATE_TEST_SUITE_P(
    , MailAddressRefuses,
    testing::Values(
        FaultCase{"", utf8, Fault::syntax}, FaultCase{"alice", utf8, Fault::syntax},
        FaultCase{"\"alice\"", utf8, Fault::syntax}, FaultCase{"\"a\"b@c", utf8, Fault::syntax},
        FaultCase{"@example.org", utf8, Fault::local_part},
        FaultCase{".a@example.org", utf8, Fault::local_part},
        FaultCase{"a.@example.org", utf8, Fault::local_part},
        FaultCase{"a..b@example.org", utf8, Fault::local_part},
        FaultCase{"a b@example.org", utf8, Fault::local_part},
        FaultCase{"a\tb@example.org", utf8, Fault::local_part},
        FaultCase{"\"a\rb\"@example.org", utf8, Fault::local_part},
        FaultCase{"\"a@example.org", utf8, Fault::local_part},
        FaultCase{"\"a\\\"@example.org", utf8, Fault::local_part},
        FaultCase{"a@", utf8, Fault::domain}, FaultCase{"a@.", utf8, Fault::domain},
        FaultCase{"a@b@c", utf8, Fault::domain}, FaultCase{"a@b..c", utf8, Fault::domain},
        FaultCase{"a@-b.c", utf8, Fault::domain}, FaultCase{"a@b-.c", utf8, Fault::domain},
        FaultCase{"a@[192.0.2.256]", utf8, Fault::domain},
        FaultCase{"a@[IPv6:1::2::3]", utf8, Fault::domain},
        FaultCase{"a@[x-net:1]", utf8, Fault::domain},
        FaultCase{"a@[192.0.2.1", utf8, Fault::domain},
        FaultCase{std::string("a@[192.0.2.1\0x]", 15), utf8, Fault::domain},
        FaultCase{std::string("a@b\0c", 5), utf8, Fault::domain},
        FaultCase{std::string("a@\xc3\xbc\0c", 6), utf8, Fault::domain},
        FaultCase{"j\xc3\xb6@b", ascii, Fault::needs_utf8},
        FaultCase{"a@b\xc3\xbc", ascii, Fault::needs_utf8},
        FaultCase{"j\xc3@b", utf8, Fault::encoding}, FaultCase{"a@b\xc3", utf8, Fault::encoding}));

TEST(MailAddress, KeepsTheLimitsOfSmtp) {
    const std::string local_part(kLocalPartMax, 'a');
    EXPECT_TRUE(read_mail_address(local_part + "@b", ascii));
    EXPECT_EQ(read_mail_address(local_part + "a@b", ascii).error(), Fault::local_part_length);
    const std::string label(kDomainLabelMax, 'b');
    EXPECT_TRUE(read_mail_address("a@" + label, ascii));
    EXPECT_EQ(read_mail_address("a@" + label + "b", ascii).error(), Fault::domain_length);
    // 63 + 1 + 63 + 1 + 63 + 1 = 192 octets, and a label of 61 or 62 more.
    const std::string three = label + '.' + label + '.' + label + '.';
    EXPECT_EQ(read_mail_address("a@" + three + label.substr(2), ascii).error(), Fault::path_length);
    EXPECT_EQ(read_mail_address("a@" + three + label.substr(1), ascii).error(),
              Fault::domain_length);
    EXPECT_EQ(three.size() + 60 + 2, kMailAddressMax);
    EXPECT_TRUE(read_mail_address("a@" + three + label.substr(3), ascii));
}

TEST(MailAddress, IsRefusedWithAMessage) {
    auto address = parse_mail_address("alice@", ascii);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, ErrorCode::invalid);
    EXPECT_EQ(address.error().message,
              "mail address 'alice@': the domain is not valid: labels of letters, digits and "
              "hyphens, separated by dots");
}

TEST(MailAddress, SaysWhatItNeeds) {
    EXPECT_TRUE(read_mail_address("a@[192.0.2.1]", ascii)->is_address_literal());
    EXPECT_FALSE(read_mail_address("a@b", ascii)->is_address_literal());
    EXPECT_TRUE(read_mail_address("\xc3\xb6@b", utf8)->is_utf8());
    EXPECT_FALSE(read_mail_address("o@b\xc3\xb6", utf8)->is_utf8());
}

TEST(Subaddress, IsSplitAtTheFirstDelimiter) {
    struct {
        std::string_view local_part, delimiters, base;
        std::optional<std::string_view> detail;
    } cases[] = {
        {"alice", "+", "alice", std::nullopt}, {"alice+x", "+", "alice", "x"},
        {"alice+x+y", "+", "alice", "x+y"},    {"alice+", "+", "alice", ""},
        {"+x", "+", "+x", std::nullopt},       {"+x+y", "+", "+x", "y"},
        {"a-b+c", "+-", "a", "b+c"},           {"a-b+c", "+", "a-b", "c"},
        {"a+b", "", "a+b", std::nullopt},      {"", "+", "", std::nullopt},
    };
    for (const auto& c : cases) {
        SubaddressedName name = split_subaddress(c.local_part, c.delimiters);
        EXPECT_EQ(name.base, c.base) << c.local_part;
        EXPECT_EQ(name.detail, c.detail) << c.local_part;
    }
}

}  // namespace
}  // namespace gatepost::storage
