#include "dataplane/smtp/parameters.h"

#include <gtest/gtest.h>

#include "dataplane/smtp/command.h"
#include "dataplane/smtp/trace_fields.h"

namespace gatepost::dataplane {

namespace {

TEST(SmtpParameters, OfMail) {
    const auto parameters = parse_mail_parameters(
        "SIZE=12  body=BinaryMime SMTPUTF8 RET=HDRS ENVID=QQ314159+2B+3D AUTH=<>", 1000, true);
    ASSERT_TRUE(parameters) << parameters.error().text;
    EXPECT_EQ(parameters->size, 12U);
    EXPECT_EQ(parameters->body, storage::BodyKind::binary_mime);
    EXPECT_TRUE(parameters->smtputf8);
    EXPECT_EQ(parameters->dsn_return, storage::DsnReturn::headers);
    EXPECT_EQ(parameters->envid, "QQ314159+=");
    EXPECT_FALSE(parse_mail_parameters("ENVID=" + std::string(101, 'x'), 1000, true));
    EXPECT_TRUE(parse_mail_parameters("ENVID=" + std::string(100, 'x'), 1000, true));
    EXPECT_EQ(parse_mail_parameters("AUTH=a+0Ab", 1000, true).error().code, 501);
}

TEST(SmtpParameters, OfRcpt) {
    const auto parameters =
        parse_rcpt_parameters("notify=success,FAILURE ORCPT=rfc822;ada+2Bx@example.org");
    ASSERT_TRUE(parameters) << parameters.error().text;
    EXPECT_EQ(parameters->notify, storage::kNotifySuccess | storage::kNotifyFailure);
    EXPECT_EQ(parameters->original, "rfc822;ada+x@example.org");
    EXPECT_FALSE(parse_rcpt_parameters("ORCPT=rfc822;" + std::string(500, 'x')));
    EXPECT_FALSE(parse_rcpt_parameters("ORCPT=;x"));
    EXPECT_FALSE(parse_rcpt_parameters("ORCPT=rfc822;"));
}

TEST(SmtpParameters, DecodeXtext) {
    EXPECT_EQ(decode_xtext("a+2Bb+3D+20c"), "a+b= c");
    for (std::string_view wrong :
         {"+", "+2", "a+2", "+2b", "+G0", "+0A", "+7F", "+80", "\x80", "\n"})
        EXPECT_FALSE(decode_xtext(wrong)) << wrong;
}

TEST(SmtpCommand, IsTakenApart) {
    const SmtpCommand command = parse_smtp_command("rCpT TO:<a b>  x  ");
    EXPECT_EQ(command.verb, SmtpVerb::rcpt);
    EXPECT_EQ(command.argument, "TO:<a b>  x");
    EXPECT_EQ(parse_smtp_command("MAILFROM:<>").verb, SmtpVerb::unknown);
    EXPECT_EQ(parse_smtp_command(" NOOP").verb, SmtpVerb::unknown);
    EXPECT_EQ(parse_smtp_command("").verb, SmtpVerb::unknown);
    EXPECT_EQ(parse_smtp_command("NOOP\t").verb, SmtpVerb::unknown);
    EXPECT_EQ(parse_smtp_command("GET / HTTP/1.1").verb, SmtpVerb::foreign);
}

TEST(SmtpReply, IsOneLineOfAscii) {
    std::string out;
    append_reply_line(out, 550, "5.1.1", "a\r\n250 b\xc3\xbc\x7f");
    EXPECT_EQ(out, "550 5.1.1 a??250 b???\r\n");
    out.clear();
    append_reply_line(out, 250, "", std::string(1000, 'x'), false);
    EXPECT_EQ(out.size(), 512U);  // RFC 5321 §4.5.3.1.5
    EXPECT_TRUE(out.starts_with("250-x") && out.ends_with("x\r\n"));
}

// RFC 3848, RFC 6531 §4.3.
TEST(TraceFields, SayHowAMessageCame) {
    const PeerAddress address;
    SmtpClient client{.address = address};
    EXPECT_EQ(transmission_type(client, false), "SMTP");
    client.extended = true;
    EXPECT_EQ(transmission_type(client, false), "ESMTP");
    client.tls = true;
    EXPECT_EQ(transmission_type(client, false), "ESMTPS");
    client.account_id = 1;
    EXPECT_EQ(transmission_type(client, false), "ESMTPSA");
    EXPECT_EQ(transmission_type(client, true), "UTF8SMTPSA");
    client.role = SmtpRole::lmtp;
    EXPECT_EQ(transmission_type(client, true), "UTF8LMTPSA");
    client.account_id = 0;
    EXPECT_EQ(transmission_type(client, false), "LMTPS");
}

// However much the filter has to say.
TEST(TraceFields, FitIntoThePrefix) {
    PeerAddress address;
    address.family = Family::ipv6;
    address.octets[0] = 0x20;
    address.octets[15] = 1;
    SmtpClient client{.address = address, .role = SmtpRole::submission, .account_id = 1};
    client.helo = std::string(255, 'h');
    client.user = "\"a \\\"b\\\"\"@example.org";
    const SmtpOptions options{.server_name = std::string(253, 's')};
    storage::Envelope envelope;
    envelope.reverse_path = std::string(254, 'r');
    for (int i = 0; i < 100; ++i) envelope.rules.push_back(std::string(100, 'n') + "\r\n,");
    const std::string only(254, 'o');
    const std::string fields = trace_fields({.options = options,
                                             .client = client,
                                             .envelope = envelope,
                                             .tls = "TLSv1.3 with TLS_AES_128_GCM_SHA256",
                                             .only_recipient = only,
                                             .delivered_here = true,
                                             .filtered = true,
                                             .needs_date = true,
                                             .needs_message_id = true});
    EXPECT_LE(fields.size(), MessageStore::kPrefixMax);
    EXPECT_NE(fields.find("([IPv6:2000::1])"), std::string::npos);
    // RFC 5322 §2.1.1: 998 characters in a line at most; and each line is a field or goes on.
    size_t begin = 0;
    for (size_t end; (end = fields.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
        EXPECT_LE(end - begin, 998U);
        const std::string line = fields.substr(begin, end - begin);
        EXPECT_TRUE(line[0] == '\t' || line.find(": ") < 30) << line;
        EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
    }
    EXPECT_EQ(begin, fields.size());
}

}  // namespace

}  // namespace gatepost::dataplane
