#include <gtest/gtest.h>

#include "tools/sendmail/options.h"
#include "tools/sendmail/submission.h"

namespace gatepost::tools {
namespace {

using Values = std::vector<std::string>;

const SendmailCaller kCaller = {"ada", "Ada \"L\"", "host.example.org"};

SendmailOptions options_of(const Values& words) {
    auto options = parse_sendmail_options(words);
    EXPECT_TRUE(options) << (options ? "" : options.error().message);
    return options ? *options : SendmailOptions();
}

TEST(SendmailOptions, WhatProgramsCallItWith) {
    const SendmailOptions options =
        options_of({"-ti", "-f", "ada@x", "-oem", "-FAda", "-B8BITMIME", "-bm", "--", "-eve@x"});
    EXPECT_TRUE(options.recipients_from_header);
    EXPECT_TRUE(options.dot_is_text);
    EXPECT_EQ(options.sender, "ada@x");
    EXPECT_EQ(options.full_name, "Ada");
    EXPECT_EQ(options.recipients, Values{"-eve@x"});
    EXPECT_TRUE(options_of({"-oi"}).dot_is_text);
    EXPECT_TRUE(options_of({"-f<>", "a"}).has_sender);
    EXPECT_EQ(options_of({"-f<>", "a"}).sender, "");
    EXPECT_EQ(options_of({"-rbob@x"}).sender, "bob@x");
    EXPECT_EQ(options_of({"-N", "never", "-vm", "a"}).recipients, Values{"a"});
    EXPECT_EQ(options_of({"--socket", "/x", "a"}).socket, "/x");
    for (const Values& bad : {Values{"-bs"}, Values{"-bp"}, Values{"-q"}, Values{"-f"},
                              Values{"--unknown"}, Values{"-o"}})
        EXPECT_FALSE(parse_sendmail_options(bad)) << bad.front();
}

TEST(Submission, HeaderRecipients) {
    SendmailOptions options;
    options.recipients_from_header = true;
    options.recipients = {"Bob <bob@x>, eve"};
    const auto made = make_submission(
        "To: eve@host.example.org, c@x\nBcc: secret@x\nFrom: a@x\n\nBcc: text\n", options, kCaller);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->recipients, (Values{"bob@x", "eve@host.example.org", "c@x", "secret@x"}));
    EXPECT_EQ(made->octets, "To: eve@host.example.org, c@x\r\nFrom: a@x\r\n\r\nBcc: text\r\n");
    EXPECT_EQ(made->sender, "ada@host.example.org");
}

TEST(Submission, WithoutAHeader) {
    SendmailOptions options;
    options.recipients = {"eve@x"};
    const auto made = make_submission("just text\n", options, kCaller);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->octets, "From: \"Ada \\\"L\\\"\" <ada@host.example.org>\r\n\r\njust text\r\n");
    options.full_name = "X\r\nBcc: y";
    EXPECT_TRUE(make_submission("A: 1\n\n", options, kCaller)
                    ->octets.starts_with("From: \"XBcc: y\" <ada@host.example.org>\r\nA: 1\r\n"));
    options.recipients.clear();
    EXPECT_FALSE(make_submission("x\n", options, kCaller));
    options.recipients_from_header = true;
    EXPECT_FALSE(make_submission("Subject: x\n\n", options, kCaller));
}

TEST(Submission, ADotAloneEndsIt) {
    EXPECT_EQ(up_to_dot("a\n.\nb\n", false), "a\n");
    EXPECT_EQ(up_to_dot("a\r\n.\r\nb\n", false), "a\r\n");
    EXPECT_EQ(up_to_dot("a\n.", false), "a\n");
    EXPECT_EQ(up_to_dot("a\n..\n", false), "a\n..\n");
    EXPECT_EQ(up_to_dot("a\n.\nb\n", true), "a\n.\nb\n");
}

}  // namespace
}  // namespace gatepost::tools
