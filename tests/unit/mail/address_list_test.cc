#include "dataplane/mail/address_list.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

// "name|adl|mailbox|host", groups as "name:" and ";", one after the other.
std::string shown(std::string_view value) {
    std::vector<EnvelopeAddress> addresses;
    EXPECT_TRUE(parse_address_list(value, 100, addresses));
    std::string out;
    for (const EnvelopeAddress& a : addresses) {
        if (!out.empty()) out += ' ';
        switch (a.kind) {
            case AddressKind::mailbox:
                out += fmt::format("[{}|{}|{}|{}]", a.name, a.adl, a.mailbox, a.host);
                break;
            case AddressKind::group_start:
                out += a.mailbox + ':';
                break;
            case AddressKind::group_end:
                out += ';';
                break;
        }
    }
    return out;
}

struct ListCase {
    std::string_view value;
    std::string_view expected;
};

TEST(AddressList, AsIndividualsWriteThem) {
    const ListCase cases[] = {
        {"a@b", "[||a|b]"},
        {" Alice <a@b> ", "[Alice||a|b]"},
        {"\"Smith, Alice\" <a@b>, c@d", "[Smith, Alice||a|b] [||c|d]"},
        {"Alice  B.\r\n Smith <a@b>", "[Alice B. Smith||a|b]"},
        {"a@b (Alice)", "[Alice||a|b]"},
        {"<a@b> (Alice)", "[Alice||a|b]"},
        {"(before) a@b", "[before||a|b]"},
        {"=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_X?= <a@b>",
         "[=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_X?=||a|b]"},
        {"J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc>", "[J\xc3\xb6rg||j\xc3\xb6rg|b\xc3\xbc]"},
        {"<@x,@y:a@b>", "[|@x,@y|a|b]"},
        {"\"a b\"@c", "[||a b|c]"},
        {"\"a\\\"b\" <c@d>", "[a\"b||c|d]"},
        {"a.b.c@[192.0.2.1]", "[||a.b.c|[192.0.2.1]]"},
        {"team: a@b, C <c@d>;, e@f", "team: [||a|b] [C||c|d] ; [||e|f]"},
        {"undisclosed-recipients:;", "undisclosed-recipients: ;"},
        {"", ""},
        {" , ,, ", ""},
        {"(only a (nested) comment)", ""},
        {"<>", ""},
        {"root", "[||root|]"},
    };
    for (const ListCase& c : cases) EXPECT_EQ(shown(c.value), c.expected) << c.value;
}

// RFC 5322 appendix A.1 and A.5 and A.6.
TEST(AddressList, AsTheStandardShowsThem) {
    const ListCase cases[] = {
        {"\"Joe Q. Public\" <john.q.public@example.com>",
         "[Joe Q. Public||john.q.public|example.com]"},
        {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
         "[Mary Smith||mary|x.test] [||jdoe|example.org] [Who?||one|y.test]"},
        {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
         "[||boss|nil.test] [Giant; \"Big\" Box||sysservices|example.net]"},
        {"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
         "A Group: [Ed Jones||joe|where.test] [||joe|where.test] [John||jdoe|one.test] ;"},
        {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
         "[Pete||pete|silly.test]"},
        {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
         "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the "
         "group)",
         "A Group: [Chris Jones||c|public.example] [||joe|example.org] [John||jdoe|one.test] ;"},
        {"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients: ;"},
        {"Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example",
         "[Mary Smith|@node.test|mary|example.net] [||jdoe|test.example]"},
    };
    for (const ListCase& c : cases) EXPECT_EQ(shown(c.value), c.expected) << c.value;
}

TEST(AddressList, AsNobodyShouldWriteThem) {
    const ListCase cases[] = {
        {"a@b c@d, e@f", "[||a|b] [||e|f]"},
        {"a@", "[||a|]"},
        {"@b", "[|||b]"},
        {"Alice <a@b", "[Alice||a|b]"},
        {"Alice <a@b, c@d", "[Alice||a|b] [||c|d]"},
        {"\"open", "[||open|]"},
        {"(open a@b", ""},
        {"a@[open", "[||a|[open]"},
        {"Alice a@b", "[||a|b]"},
        {"Alice Smith", "[||Alice Smith|]"},
        {"a . b@c", "[||a.b|c]"},
        {")>;]a@b", "[||]a|b]"},
        {"g: h: a@b; c@d", "g: [||a|b] ; [||c|d]"},
        {"g: a@b", "g: [||a|b] ;"},
        {"a@b\\", "[||a|b]"},
        {"\\", "[||\\|]"},
        {"<<a@b>>", "[||a|b]"},
    };
    for (const ListCase& c : cases) EXPECT_EQ(shown(c.value), c.expected) << c.value;
}

TEST(AddressList, IsReadInOnePass) {
    const std::string opened(1'000'000, '(');
    EXPECT_EQ(shown(opened), "");
    EXPECT_EQ(shown(opened + "x" + std::string(1'000'000, ')') + "a@b"),
              "[" + std::string(999'999, '(') + "x" + std::string(999'999, ')') + "||a|b]");
    std::vector<EnvelopeAddress> addresses;
    EXPECT_TRUE(parse_address_list(std::string(1'000'000, ','), 10, addresses));
    EXPECT_FALSE(parse_address_list("a@b, c@d, e@f", 2, addresses));
    EXPECT_EQ(addresses.size(), 2u);
}

}  // namespace
}  // namespace gatepost::dataplane
