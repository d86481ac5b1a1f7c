// Keys of addresses are what MailAddress::text() says, whatever the address.
#include "dataplane/mail_directory/address_key.h"

#include <gtest/gtest.h>

#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane::tests {
namespace {

TEST(AddressKey, IsTheNormalizedText) {
    for (const char* text :
         {"ada@example.org", "a.b-c_d+e=f@example.org", "\"a b\"@example.org", "\"\"@example.org",
          "\"a@b\"@example.org", "\"a..b\"@example.org", "\".a\"@example.org", "o'hara@example.org",
          "Ada@Example.ORG", "\"quote\\\"d\"@example.org", "jürgen@example.org", "ada@[192.0.2.1]",
          "ada@bücher.example"}) {
        const auto address = storage::read_mail_address(text, storage::AddressForm::utf8);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(AddressKey(address->local_part, address->domain).text(), address->text());
    }
}

TEST(AddressKey, OfACatchAllIsNoAddress) {
    EXPECT_EQ(AddressKey::catch_all("example.org").text(), "@example.org");
    EXPECT_NE(AddressKey("", "example.org").text(), "@example.org");
}

TEST(AddressKey, ThatIsTooLongIsNone) {
    EXPECT_EQ(AddressKey(std::string(300, 'a'), std::string(300, 'b')).text(), "");
    EXPECT_EQ(AddressKey(std::string(255, 'a'), std::string(256, 'b')).text().size(), 512u);
}

TEST(SplitPlainAddress, LeavesTheOthersToTheParser) {
    const auto parts = split_plain_address("ada+lists@mx.example.org");
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->local_part, "ada+lists");
    EXPECT_EQ(parts->domain, "mx.example.org");
    for (const char* text :
         {"", "ada", "@example.org", "ada@", "Ada@example.org", "a@b@c", "\"a\"@example.org",
          "a..b@example.org", "ada@[192.0.2.1]", "ada@example.org.", "jürgen@example.org"})
        EXPECT_FALSE(split_plain_address(text).has_value()) << text;
}

}  // namespace
}  // namespace gatepost::dataplane::tests
