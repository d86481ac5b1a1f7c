#include "dataplane/imap_syntax/modified_utf7.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

TEST(ModifiedUtf7, GoesBothWays) {
    const struct {
        std::string_view encoded;
        std::string_view utf8;
    } cases[] = {
        {"", ""},
        {"INBOX", "INBOX"},
        {"a&-b", "a&b"},
        {"&-", "&"},
        {"&-&-", "&&"},
        // RFC 3501 §5.1.3
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
        {"&Jjo-!", "☺!"},
        {"&U,BTF2XlZyyKng-", "台北日本語"},
        {"Entw&APw-rfe", "Entwürfe"},
        {"&AOk-&-x", "é&x"},
        {"&2D3eAA-", "\xf0\x9f\x98\x80"},  // U+1F600: a pair of surrogates
        {"&2D3eANg93gA-", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
        {"&AAk-", "\t"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(decode_modified_utf7(c.encoded), c.utf8) << c.encoded;
        std::string encoded = "> ";
        append_modified_utf7(encoded, c.utf8);
        EXPECT_EQ(encoded, "> " + std::string(c.encoded));
    }
}

TEST(ModifiedUtf7, RefusesOtherForms) {
    for (std::string_view text : {
             "&",
             "a&b",
             "&AOk",
             "&U,BTFw-&ZeVnLIqe-",  // RFC 3501 §5.1.3: two shifts where one does
             "&Jjo!",               // RFC 3501 §5.1.3
             "&AGE-",               // "a" represents itself
             "&ACY-",               // "&" is "&-"
             "&2D0-",               // half a pair of surrogates
             "&3gA-",
             "&2D0AYQ-",
             "&AOl-",  // bits left over
             "&AOkA-",
             "&A-",
             "&AO/-",
             "&AO k-",
             "\xc3\xa9",
             "a\tb",
             "\x7f",
         })
        EXPECT_FALSE(decode_modified_utf7(text)) << text;
}

TEST(ModifiedUtf7, EncodesWhatIsNoUtf8) {
    std::string encoded;
    append_modified_utf7(encoded, "a\xff");
    EXPECT_EQ(encoded, "a&,,0-");
}

}  // namespace
}  // namespace gatepost::dataplane
