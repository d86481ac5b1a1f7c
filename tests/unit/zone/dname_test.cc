#include "storage/zone/dname.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gatepost::storage {
namespace {

using std::string_literals::operator""s;

Dname name_of(std::string_view text, DnameView origin = {}) {
    Result<Dname> name = dname_from_text(text, origin);
    if (!name) ADD_FAILURE() << name.error().message;
    return name.value_or(Dname());
}

std::string wire_of(DnameView name) {
    return {name.wire().begin(), name.wire().end()};
}

Bytes bytes_of(const std::string& octets) {
    return {reinterpret_cast<const uint8_t*>(octets.data()), octets.size()};
}

// 63.63.63.61 octets: 255 in wire form.
std::string longest_text() {
    return std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
           std::string(61, 'd') + ".";
}

TEST(DnameText, GivesWireAndComesBack) {
    struct Case {
        const char* text;
        std::string wire;
        const char* back;  // nullptr: as `text`
    };
    const Case cases[] = {
        {".", "\0"s, nullptr},
        {"com.", "\3com\0"s, nullptr},
        {"Www.eXample.COM.", "\3Www\7eXample\3COM\0"s, nullptr},
        {"*.example.", "\1*\7example\0"s, nullptr},
        {"_dns._udp.a-b.", "\4_dns\4_udp\3a-b\0"s, nullptr},
        {"a\\.b.c.", "\3a.b\1c\0"s, nullptr},
        {"a\\\\b.", "\3a\\b\0"s, nullptr},
        {"\\000\\255\\127.", "\3\0\xff\x7f\0"s, nullptr},
        {"a\\032b.", "\3a b\0"s, nullptr},
        {"a\\ b.", "\3a b\0"s, "a\\032b."},
        {"\\097\\x.", "\2ax\0"s, "ax."},
        {"\\\"\\(\\)\\;\\@\\$.", "\6\"();@$\0"s, nullptr},
        {"!#%&'*+,/:<=>?[]^`{|}~.", "\x16!#%&'*+,/:<=>?[]^`{|}~\0"s, nullptr},
        {"\\192\\168.", "\2\xc0\xa8\0"s, nullptr},
        {"\\@.", "\1@\0"s, nullptr},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        Dname name = name_of(c.text);
        EXPECT_EQ(wire_of(name), c.wire);
        EXPECT_EQ(dname_to_text(name), c.back == nullptr ? c.text : c.back);
        EXPECT_EQ(wire_of(name_of(dname_to_text(name))), c.wire);
    }
}

TEST(DnameText, EveryOctetComesBack) {
    for (int octet = 0; octet < 256; ++octet) {
        std::string wire = "\1"s + static_cast<char>(octet) + "\1z\0"s;
        ByteReader reader(bytes_of(wire));
        Result<Dname> name = dname_from_wire(reader);
        ASSERT_TRUE(name);
        EXPECT_EQ(wire_of(name_of(dname_to_text(*name))), wire) << dname_to_text(*name);
    }
}

TEST(DnameText, RelativeNamesTakeTheOrigin) {
    Dname origin = name_of("example.com.");
    EXPECT_EQ(dname_to_text(name_of("www", origin)), "www.example.com.");
    EXPECT_EQ(dname_to_text(name_of("a.b", origin)), "a.b.example.com.");
    EXPECT_EQ(dname_to_text(name_of("@", origin)), "example.com.");
    EXPECT_EQ(dname_to_text(name_of("\\@", origin)), "\\@.example.com.");
    EXPECT_EQ(dname_to_text(name_of(".", origin)), ".");
    EXPECT_EQ(dname_to_text(name_of("www")), "www.");
    // An escaped final dot belongs to the label.
    EXPECT_EQ(dname_to_text(name_of("www\\.", origin)), "www\\..example.com.");
}

TEST(DnameText, RefusesWithReason) {
    struct Case {
        std::string text;
        const char* fragment;
    };
    const Case cases[] = {
        {"", "is empty"},
        {"..", "empty label"},
        {".com.", "empty label"},
        {"a..b.", "empty label"},
        {"a\\", "a '\\' needs"},
        {"a\\1", "a '\\' needs"},
        {"a\\12x", "a '\\' needs"},
        {"a\\256.", "a '\\' needs"},
        {"a\\999.", "a '\\' needs"},
        {std::string(64, 'a') + ".", "longer than 63 octets"},
        {std::string(64, 'a'), "longer than 63 octets"},
        {"d" + longest_text(), "longer than 63 octets"},
    };
    for (const Case& c : cases) {
        Result<Dname> name = dname_from_text(c.text);
        ASSERT_FALSE(name) << c.text;
        EXPECT_NE(name.error().message.find(c.fragment), std::string::npos) << name.error().message;
        EXPECT_EQ(name.error().code, ErrorCode::invalid);
    }
}

TEST(DnameText, Takes255OctetsAndNoMore) {
    std::string text = longest_text();
    EXPECT_EQ(name_of(text).length(), 255U);
    EXPECT_EQ(dname_to_text(name_of(text)), text);
    // The same octets spelt as escapes are as long.
    std::string escaped;
    for (char c : text) escaped += c == '.' ? "."s : fmt::format("\\{:03d}", int{c});
    EXPECT_TRUE(dname_equal(name_of(escaped), name_of(text)));

    std::string longer = text;
    longer.insert(longer.size() - 1, "d");
    EXPECT_FALSE(dname_from_text(longer));
    EXPECT_FALSE(dname_from_text("x." + text));
    // The most labels: 127 of one octet each.
    std::string labels;
    for (int i = 0; i < 127; ++i) labels += "x.";
    EXPECT_EQ(name_of(labels).length(), 255U);
    EXPECT_EQ(name_of(labels).view().label_count(), kLabelCountMax);
    EXPECT_FALSE(dname_from_text(labels + "x."));
    EXPECT_FALSE(dname_from_text(labels + "x"));
    // With an origin: the sum counts.
    Dname origin = name_of(std::string(63, 'o') + ".");
    std::string room = text.substr(0, 64 + 64) + std::string(61, 'r');
    EXPECT_EQ(name_of(room, origin).length(), 255U);
    Result<Dname> over = dname_from_text(room + "r", origin);
    ASSERT_FALSE(over);
    EXPECT_NE(over.error().message.find("with the origin"), std::string::npos);
}

TEST(DnameWire, ReadsAndMovesOn) {
    std::string wire = "\3www\7example\0rest"s;
    ByteReader reader(bytes_of(wire));
    Result<Dname> name = dname_from_wire(reader);
    ASSERT_TRUE(name);
    EXPECT_EQ(dname_to_text(*name), "www.example.");
    EXPECT_EQ(reader.left(), 4U);
    EXPECT_TRUE(reader.ok());
}

TEST(DnameWire, RefusesWhatIsNoName) {
    std::string labels;
    for (int i = 0; i < 127; ++i) labels += "\1x"s;
    EXPECT_EQ(labels.size(), 254U);
    const std::string cases[] = {
        ""s,
        "\3ww"s,
        "\3www"s,
        "\xc0\x00"s,
        "\x40"s + std::string(64, 'a') + "\0"s,
        "\x80\x01\0"s,
        labels + "\1x\0"s,
        labels,
    };
    for (const std::string& wire : cases) {
        ByteReader reader(bytes_of(wire));
        EXPECT_FALSE(dname_from_wire(reader));
        EXPECT_FALSE(reader.ok());
    }
    std::string longest = labels + "\0"s;
    ByteReader reader(bytes_of(longest));
    EXPECT_TRUE(dname_from_wire(reader));
}

TEST(DnameMessage, FollowsPointersBackwards) {
    //                  0            5          9      12          16     18
    std::string message = "\4name\3com\0\3www\xc0\x00\1a\xc0\x0a\xc0\x10"s;
    size_t end = 0;
    Result<Dname> name = dname_from_message(bytes_of(message), 10, &end);
    ASSERT_TRUE(name);
    EXPECT_EQ(dname_to_text(*name), "www.name.com.");
    EXPECT_EQ(end, 16U);
    name = dname_from_message(bytes_of(message), 16, &end);
    ASSERT_TRUE(name);
    EXPECT_EQ(dname_to_text(*name), "a.www.name.com.");
    EXPECT_EQ(end, 20U);
    name = dname_from_message(bytes_of(message), 20, &end);
    ASSERT_TRUE(name);
    EXPECT_EQ(dname_to_text(*name), "a.www.name.com.");
    EXPECT_EQ(end, 22U);
    name = dname_from_message(bytes_of(message), 0, &end);
    ASSERT_TRUE(name);
    EXPECT_EQ(end, 10U);
}

TEST(DnameMessage, RefusesLoopsForwardAndBrokenPointers) {
    struct Case {
        std::string message;
        size_t offset;
    };
    std::string labels;
    for (int i = 0; i < 127; ++i) labels += "\1x"s;
    const Case cases[] = {
        {"\xc0\x00"s, 0},                  // to itself
        {"\1a\xc0\x00"s, 0},               // to its own beginning
        {"\xc0\x02\xc0\x00"s, 0},          // a pair that point at each other
        {"\xc0\x02\xc0\x00"s, 2},          //
        {"\xc0\x02\1a\0"s, 0},             // forwards
        {"\0\1a\xc0\x01"s, 1},             // into the name that is being read
        {"\1a\0\xc0\xff"s, 3},             // behind the message
        {"\1a\0\xc0"s, 3},                 // half a pointer
        {"\1a"s, 0},                       // no end
        {"\5ab"s, 0},                      // a label cut short
        {"\x40\0"s, 0},                    // the label types that were never used
        {"\x80\0"s, 0},                    //
        {"\0"s, 1},                        // an offset at the end
        {"\0"s, 99},                       // and behind it
        {labels + "\0\1x\xc0\x00"s, 255},  // together longer than 255 octets
    };
    for (const Case& c : cases)
        EXPECT_FALSE(dname_from_message(bytes_of(c.message), c.offset))
            << testing::PrintToString(c.message);
}

TEST(DnameView, PartsOfAName) {
    Dname name = name_of("*.b.example.com.");
    DnameView view = name;
    EXPECT_EQ(view.label_count(), 4U);
    EXPECT_TRUE(view.is_wildcard());
    EXPECT_FALSE(name_of("*a.com.").view().is_wildcard());
    EXPECT_FALSE(name_of("a.*.com.").view().is_wildcard());
    EXPECT_EQ(dname_to_text(view.parent()), "b.example.com.");
    EXPECT_EQ(dname_to_text(view.suffix(2)), "example.com.");
    EXPECT_EQ(dname_to_text(view.suffix(0)), ".");
    EXPECT_EQ(dname_to_text(view.suffix(9)), "*.b.example.com.");
    EXPECT_EQ(view.first_label().size(), 1U);
    DnameView root;
    EXPECT_TRUE(root.is_root());
    EXPECT_EQ(root.label_count(), 0U);
    EXPECT_TRUE(root.parent().is_root());
    EXPECT_TRUE(root.first_label().empty());
}

TEST(Dname, CaseDoesNotCountInComparisons) {
    EXPECT_TRUE(dname_equal(name_of("eXAMPLE.com."), name_of("Example.COM.")));
    EXPECT_FALSE(dname_equal(name_of("example.com."), name_of("example.org.")));
    EXPECT_FALSE(dname_equal(name_of("a.b."), name_of("a\\.b.")));
    // Only ASCII letters have a case: '[' and '{' differ by the same bit, as do octets above 127.
    EXPECT_FALSE(dname_equal(name_of("[."), name_of("{.")));
    EXPECT_FALSE(dname_equal(name_of("\\192."), name_of("\\224.")));
    EXPECT_EQ(wire_of(dname_lower(name_of("A\\192Z[@.B."))), wire_of(name_of("a\\192z[\\@.b.")));
}

TEST(Dname, SubdomainsEndAtALabel) {
    Dname zone = name_of("example.com.");
    EXPECT_TRUE(dname_is_subdomain(name_of("example.com."), zone));
    EXPECT_TRUE(dname_is_subdomain(name_of("a.b.EXAMPLE.com."), zone));
    EXPECT_TRUE(dname_is_subdomain(zone, DnameView()));
    EXPECT_FALSE(dname_is_subdomain(name_of("notexample.com."), zone));
    EXPECT_FALSE(dname_is_subdomain(name_of("com."), zone));
    // "\7example\3com\0" as the tail of one label's text.
    EXPECT_FALSE(dname_is_subdomain(name_of("x\\007example\\003com."), zone));
    EXPECT_FALSE(dname_is_subdomain(DnameView(), zone));
}

TEST(Dname, JoinsWithinTheLimit) {
    Result<Dname> joined = dname_join(name_of("a.b."), name_of("c."));
    ASSERT_TRUE(joined);
    EXPECT_EQ(dname_to_text(*joined), "a.b.c.");
    EXPECT_EQ(dname_to_text(*dname_join(DnameView(), name_of("c."))), "c.");
    EXPECT_EQ(dname_to_text(*dname_join(name_of("c."), DnameView())), "c.");
    EXPECT_TRUE(dname_join(name_of(longest_text()), DnameView()));
    Result<Dname> over = dname_join(name_of("x."), name_of(longest_text()));
    ASSERT_FALSE(over);
    EXPECT_NE(over.error().message.find("longer than 255"), std::string::npos);
}

// RFC 4034 §6.1, its example.
TEST(DnameCompare, CanonicalOrder) {
    const char* sorted[] = {"example.",         "a.example.",      "yljkjljk.a.example.",
                            "Z.a.example.",     "zABC.a.EXAMPLE.", "z.example.",
                            "\\001.z.example.", "*.z.example.",    "\\200.z.example."};
    std::vector<Dname> names;
    names.emplace_back();  // the root comes before all
    for (const char* text : sorted) names.push_back(name_of(text));
    for (size_t i = 0; i < names.size(); ++i)
        for (size_t j = 0; j < names.size(); ++j) {
            int order = dname_compare(names[i], names[j]);
            EXPECT_EQ(order < 0, i < j)
                << dname_to_text(names[i]) << " " << dname_to_text(names[j]);
            EXPECT_EQ(order == 0, i == j);
        }
    EXPECT_EQ(dname_compare(name_of("A.b."), name_of("a.B.")), 0);
    EXPECT_LT(dname_compare(name_of("a.b."), name_of("aa.b.")), 0);
    EXPECT_LT(dname_compare(name_of("z.a."), name_of("a.b.")), 0);
}

}  // namespace
}  // namespace gatepost::storage
