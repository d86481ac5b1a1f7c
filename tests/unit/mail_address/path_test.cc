#include "storage/mail_address/path.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

TEST(Path, OfARecipient) {
    struct {
        std::string_view text, mailbox, address, parameters;
    } cases[] = {
        {"<Alice@Example.org>", "Alice@Example.org", "alice@example.org", ""},
        {"<a@b>  NOTIFY=NEVER ORCPT=rfc822;a@b ", "a@b", "a@b", "NOTIFY=NEVER ORCPT=rfc822;a@b"},
        {"<\"a>b\"@c> X=1", "\"a>b\"@c", "\"a>b\"@c", "X=1"},
        {"<\"a\\\">b\"@c>", "\"a\\\">b\"@c", "\"a\\\">b\"@c", ""},
        {"<@relay.example:a@b>", "a@b", "a@b", ""},
        {"<@one.example,@two.example:\"x:y>\"@b> SIZE=1", "\"x:y>\"@b", "\"x:y>\"@b", "SIZE=1"},
        {"<a@[IPv6:::1]>", "a@[IPv6:::1]", "a@[IPv6:::1]", ""},
        {"<Postmaster@example.org>", "Postmaster@example.org", "postmaster@example.org", ""},
    };
    for (const auto& c : cases) {
        auto path = parse_forward_path(c.text, AddressForm::ascii);
        ASSERT_TRUE(path) << c.text;
        EXPECT_EQ(path->kind, PathKind::mailbox);
        EXPECT_EQ(path->mailbox, c.mailbox);
        EXPECT_EQ(path->address.text(), c.address);
        EXPECT_EQ(path->parameters, c.parameters);
        EXPECT_EQ(parse_reverse_path(c.text, AddressForm::ascii)->address, path->address);
    }
}

TEST(Path, WithoutADomain) {
    auto null = parse_reverse_path("<> SIZE=10", AddressForm::ascii);
    ASSERT_TRUE(null);
    EXPECT_EQ(null->kind, PathKind::null);
    EXPECT_EQ(null->parameters, "SIZE=10");
    EXPECT_FALSE(parse_forward_path("<>", AddressForm::ascii)) << "nobody receives there";
    auto postmaster = parse_forward_path("<postMASTER>", AddressForm::ascii);
    ASSERT_TRUE(postmaster);
    EXPECT_EQ(postmaster->kind, PathKind::postmaster);
    EXPECT_EQ(postmaster->mailbox, "postMASTER");
    EXPECT_EQ(postmaster->address.text(), "postmaster");
    EXPECT_FALSE(parse_reverse_path("<Postmaster>", AddressForm::ascii));
}

TEST(Path, IsRefusedWithItsReason) {
    using PathFault = MailAddressFault;
    struct {
        std::string_view text;
        PathFault fault;
    } cases[] = {
        {"", PathFault::syntax},           {"a@b", PathFault::syntax},
        {"<a@b", PathFault::syntax},       {"<", PathFault::syntax},
        {"<a@b>X=1", PathFault::syntax},   {"<a@b>>", PathFault::syntax},
        {" <a@b>", PathFault::syntax},     {"<\"a@b>", PathFault::syntax},
        {"<@x>", PathFault::syntax},       {"<@:a@b>", PathFault::syntax},
        {"<@x,:a@b>", PathFault::syntax},  {"<@x,y:a@b>", PathFault::syntax},
        {"<@x y:a@b>", PathFault::syntax}, {"<@x:>", PathFault::syntax},
        {"< >", PathFault::syntax},        {"<a@b c>", PathFault::domain},
        {"< a@b>", PathFault::local_part}, {"<\xc3\xb6@b>", PathFault::needs_utf8},
    };
    for (const auto& c : cases) {
        auto path = parse_forward_path(c.text, AddressForm::ascii);
        ASSERT_FALSE(path) << c.text;
        EXPECT_EQ(describe(path.error()), describe(c.fault)) << c.text;
    }
}

TEST(Path, TakesUtf8WhereItIsAskedFor) {
    auto path = parse_forward_path("<J\xc3\x96RG@b\xc3\xbc.example>", AddressForm::utf8);
    ASSERT_TRUE(path);
    EXPECT_EQ(path->mailbox, "J\xc3\x96RG@b\xc3\xbc.example");
    EXPECT_EQ(path->address.text(), "j\xc3\xb6rg@xn--b-eha.example");
}

}  // namespace
}  // namespace gatepost::storage
