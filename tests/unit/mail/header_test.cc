#include <gtest/gtest.h>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_reader.h"

namespace gatepost::dataplane {
namespace {

using namespace std::string_literals;

TEST(HeaderField, IsSplitAtItsColon) {
    auto field = split_field("Subject: a\r\n b\r\n");
    ASSERT_TRUE(field);
    EXPECT_EQ(field->name, "Subject");
    EXPECT_EQ(field->value, " a\r\n b");
    EXPECT_EQ(split_field("X \t: y")->name, "X");
    EXPECT_EQ(split_field("X:")->value, "");
    for (std::string_view none : {"", ":", " X: y", "X", "X y: z", "\xc3\xbc: x"})
        EXPECT_FALSE(split_field(none)) << none;
}

TEST(HeaderField, IsUnfolded) {
    EXPECT_EQ(unfold(" a\r\n b\n\tc "), "a b\tc");
    EXPECT_EQ(unfold("\r\n \r\n"), "");
    EXPECT_EQ(unfold("a\0b\rc"s), "a b c");
}

TEST(HeaderField, HasOneHashInAnyCase) {
    EXPECT_EQ(field_name_hash("Message-ID"), field_name_hash("message-id"));
    EXPECT_NE(field_name_hash("To"), field_name_hash("Cc"));
}

TEST(HeaderReader, GivesAllFieldsWithTheirPlaces) {
    const std::string header = "From x\r\nA: 1\r\nB: 2\r\n 3\nC:\n\r\nD: body\r\n";
    HeaderReader reader(header);
    std::string all;
    while (auto field = reader.next()) {
        EXPECT_EQ(header.substr(field->offset, field->raw.size()), field->raw);
        all.append(field->field.name).append("=").append(unfold(field->field.value)).append(";");
    }
    EXPECT_EQ(all, "A=1;B=2 3;C=;");
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(find_field(header, "b"), " 2\r\n 3");
    EXPECT_FALSE(find_field(header, "d"));
}

}  // namespace
}  // namespace gatepost::dataplane
