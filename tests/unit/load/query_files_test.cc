// Query files and files of expected answers.
#include <gtest/gtest.h>

#include "tools/load/query/expectation.h"
#include "tools/load/query/query_list.h"

namespace gatepost::tools {
namespace {

using storage::RRType;

TEST(QueryFile, TakesWhatDnsperfTakes) {
    auto list = queries_from_text(
        "; a comment\n"
        "# another\n"
        "\n"
        "www.example.org A\n"
        "  Example.ORG.\tmx \r\n"
        "x.example.org TYPE65280",
        "q");
    ASSERT_TRUE(list) << list.error().message;
    ASSERT_EQ(list->size(), 3u);
    EXPECT_EQ(storage::dname_to_text((*list)[0].name), "www.example.org.");
    EXPECT_EQ((*list)[0].type, RRType::A);
    // Its case is sent as it was written.
    EXPECT_EQ(storage::dname_to_text((*list)[1].name), "Example.ORG.");
    EXPECT_EQ((*list)[1].type, RRType::MX);
    EXPECT_EQ(static_cast<unsigned>((*list)[2].type), 65280u);
}

TEST(QueryFile, RefusesTellingTheLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"a A\nb\n", "q:2: 1 words, expected a name and a type"},
        {"a A B\n", "q:1: 3 words"},
        {"a..b A\n", "q:1: \"a..b\" is not a name"},
        {"a.b NOTYPE\n", "q:1: \"NOTYPE\" is not a type"},
        {"; nothing\n\n", "q: no query in it"},
        {"", "q: no query in it"},
    };
    for (const auto& [text, message] : cases) {
        auto list = queries_from_text(text, "q");
        ASSERT_FALSE(list) << text;
        EXPECT_EQ(list.error().code, ErrorCode::invalid);
        EXPECT_NE(list.error().message.find(message), std::string::npos) << list.error().message;
    }
    auto missing = queries_from_file("/nonexistent/queries");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message,
              "cannot read /nonexistent/queries: No such file or directory");
    EXPECT_FALSE(queries_from_file("/"));
}

class Expected : public testing::Test {
  protected:
    void read(const char* text) {
        queries_ = *queries_from_text("www.example. A\nsix.example. AAAA\nother.example. A\n", "q");
        auto read = Expectations::from_text(text, "e", queries_);
        ASSERT_TRUE(read) << read.error().message;
        expected_ = std::move(*read);
    }

    struct Record {
        RRType type;
        std::vector<uint8_t> rdata;
    };
    // A response to query `number`, owners compressed.
    bool allows(size_t number, uint16_t flags, const std::vector<Record>& answer) {
        Question question = queries_[number];
        std::vector<uint8_t> out;
        ByteWriter writer(out);
        writer.u16(1);
        writer.u16(static_cast<uint16_t>(0x8000 | flags));
        writer.u16(1);
        writer.u16(static_cast<uint16_t>(answer.size()));
        writer.u32(0);
        writer.bytes(question.name.wire());
        writer.u16(static_cast<uint16_t>(question.type));
        writer.u16(1);
        size_t end = out.size();
        for (const Record& record : answer) {
            writer.u16(0xc00c);
            writer.u16(static_cast<uint16_t>(record.type));
            writer.u16(1);
            writer.u32(300);
            writer.u16(static_cast<uint16_t>(record.rdata.size()));
            writer.bytes(record.rdata);
        }
        return expected_.allows(number, question.type, end, out);
    }

    QueryList queries_;
    Expectations expected_;
    const Record one_{RRType::A, {192, 0, 2, 1}};
    const Record two_{RRType::A, {192, 0, 2, 2}};
    const Record three_{RRType::A, {192, 0, 2, 3}};
};

TEST_F(Expected, AddressesOfTheSetOnly) {
    read("WWW.example A 192.0.2.1 192.0.2.2\n");
    EXPECT_TRUE(expected_.has(0));
    EXPECT_FALSE(expected_.has(2));
    EXPECT_EQ(expected_.count(), 1u);
    EXPECT_TRUE(allows(0, 0, {one_}));
    EXPECT_TRUE(allows(0, 0, {two_, one_}));
    EXPECT_FALSE(allows(0, 0, {one_, three_}));
    EXPECT_FALSE(allows(0, 0, {}));
    EXPECT_FALSE(allows(0, 3, {}));
    EXPECT_FALSE(allows(0, 2, {}));
    // An alias in front of it.
    EXPECT_TRUE(allows(0, 0, {{RRType::CNAME, {1, 'w', 0}}, one_}));
    EXPECT_FALSE(allows(0, 0, {{RRType::CNAME, {1, 'w', 0}}}));
    EXPECT_FALSE(allows(0, 0, {{RRType::A, {192, 0, 2}}}));
    // Cut off: the rest cannot be told.
    EXPECT_TRUE(allows(0, 0x0200, {}));
}

TEST_F(Expected, RcodesAndNoData) {
    read("www.example. A 192.0.2.1 NXDOMAIN\nsix.example. AAAA NODATA 2001:db8::1\n");
    EXPECT_TRUE(allows(0, 3, {}));
    EXPECT_FALSE(allows(0, 0, {}));
    EXPECT_TRUE(allows(0, 0, {one_}));
    EXPECT_TRUE(allows(1, 0, {}));
    EXPECT_FALSE(allows(1, 3, {}));
    std::vector<uint8_t> address = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    EXPECT_TRUE(allows(1, 0, {{RRType::AAAA, address}}));
    address[15] = 2;
    EXPECT_FALSE(allows(1, 0, {{RRType::AAAA, address}}));
}

TEST_F(Expected, ABrokenAnswerSectionIsNotRight) {
    read("www.example. A 192.0.2.1 NODATA\n");
    Question question = queries_[0];
    std::vector<uint8_t> out;
    ByteWriter writer(out);
    writer.u16(1);
    writer.u16(0x8000);
    writer.u16(1);
    writer.u16(1);  // an answer that is not there
    writer.u32(0);
    writer.bytes(question.name.wire());
    writer.u32(0x00010001);
    EXPECT_FALSE(expected_.allows(0, RRType::A, out.size(), out));
}

TEST_F(Expected, RefusesTellingTheLine) {
    QueryList queries = *queries_from_text("www.example. A\n", "q");
    const std::pair<const char*, const char*> cases[] = {
        {"www.example. A\n", "e:1: expected a name, a type and at least one answer"},
        {"\nwww.example. A 2001:db8::1\n", "e:2: \"2001:db8::1\" is not an answer"},
        {"www.example. A NOERROR\n", "e:1: \"NOERROR\" is not an answer"},
        {"www.example. MX 192.0.2.1\n", "e:1: \"192.0.2.1\" is not an answer"},
        {"www.example. A 192.0.2.1\nWWW.example. A NODATA\n", "e:2: WWW.example. A has a line"},
        {"ftp.example. A 192.0.2.1\n", "none of its 1 questions is among the queries"},
    };
    for (const auto& [text, message] : cases) {
        auto read = Expectations::from_text(text, "e", queries);
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().message.find(message), std::string::npos) << read.error().message;
    }
}

}  // namespace
}  // namespace gatepost::tools
