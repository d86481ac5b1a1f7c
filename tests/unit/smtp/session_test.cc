// What a transcript cannot say: much, slow, cut into pieces, and what is left behind.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>

#include "storage/password/base64.h"
#include "tests/unit/smtp/smtp_rig.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

std::string last_line(const std::string& said) {
    const size_t begin = said.size() < 2 ? std::string::npos : said.rfind("\r\n", said.size() - 3);
    return begin == std::string::npos ? said : said.substr(begin + 2);
}

TEST(SmtpSession, TakesAMessageOctetByOctet) {
    const std::string conversation =
        "EHLO client.example\r\nMAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<ada@example.org>\r\n"
        "DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
    SmtpRig whole;
    whole.start();
    whole.send(conversation);
    SmtpRig pieces;
    pieces.start();
    std::string said;
    for (char octet : conversation) said += pieces.send(std::string_view(&octet, 1));
    ASSERT_EQ(whole.environment.messages.messages.size(), 1U);
    ASSERT_EQ(pieces.environment.messages.messages.size(), 1U);
    EXPECT_EQ(pieces.environment.messages.messages[0].octets,
              whole.environment.messages.messages[0].octets);
    EXPECT_TRUE(pieces.environment.messages.messages[0].octets.ends_with("\r\n\r\n.dot\r\n"));
    EXPECT_TRUE(last_line(said).starts_with("221"));
    EXPECT_TRUE(pieces.has_ended());
}

// SMTP smuggling: what some server takes for the end of a message ends none here, and the message
// is refused as a whole.
TEST(SmtpSession, LetsNobodySmuggle) {
    for (std::string_view vector : {"\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r",
                                    "\n\n.\n\n", "\r.\n", "\n.\r"}) {
        SmtpRig rig;
        rig.begin_data();
        const std::string said = rig.send("Subject: x\r\n\r\ntext" + std::string(vector) +
                                          "MAIL FROM:<admin@example.org>\r\n"
                                          "RCPT TO:<bob@example.org>\r\nDATA\r\nforged\r\n.\r\n");
        EXPECT_TRUE(said.starts_with("550 5.6.11 ")) << testing::PrintToString(vector) << said;
        EXPECT_EQ(said.find("\r\n"), said.size() - 2) << said;
        EXPECT_TRUE(rig.environment.messages.messages.empty());
        EXPECT_EQ(rig.environment.refused(SmtpRefusal::bare_line_end), 1U);
        EXPECT_TRUE(rig.send("NOOP\r\n").starts_with("250 "));
    }
}

TEST(SmtpSession, RefusesALineOfAMegabyte) {
    SmtpRig rig;
    rig.greet();
    const std::string piece(10'000, 'x');
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(rig.send(piece), "");
        EXPECT_LE(rig.rig.pool.used_octets(), 100'000U);
    }
    EXPECT_EQ(rig.send("\r\nNOOP\r\n"), "500 5.5.2 the line is too long\r\n250 2.0.0 ok\r\n");
    // With its end in it.
    EXPECT_EQ(rig.send(std::string(13'000, 'x') + "\r\nNOOP\r\n"),
              "500 5.5.2 the line is too long\r\n250 2.0.0 ok\r\n");
    EXPECT_EQ(rig.environment.refused(SmtpRefusal::line_too_long), 2U);
    // Without any.
    std::string said;
    for (int i = 0; i < 500 && !rig.has_ended(); ++i) said += rig.send(piece);
    EXPECT_EQ(said, "421 4.7.0 that line has no end\r\n");
    EXPECT_TRUE(rig.has_ended());
}

TEST(SmtpSession, KnowsHowLongACommandMayBe) {
    SmtpRig rig;
    rig.greet();
    // RFC 5321 §4.5.3.1.4: 512 octets with the line's end.
    EXPECT_TRUE(rig.send("NOOP " + std::string(505, 'x') + "\r\n").starts_with("250 "));
    EXPECT_TRUE(rig.send("NOOP " + std::string(506, 'x') + "\r\n").starts_with("500 5.5.2 "));
    rig.send("EHLO client.example\r\n");
    // MAIL has room for its parameters.
    const std::string path = "MAIL FROM:<" + std::string(64, 'l') + "@" + std::string(60, 'd') +
                             "." + std::string(60, 'e') + ".example>";
    EXPECT_TRUE(rig.send(path + " SIZE=12345678901234 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=" +
                         std::string(100, 'e') + std::string(200, ' ') + "\r\n")
                    .starts_with("552 5.3.4"));
    EXPECT_TRUE(rig.send(path + std::string(1700, ' ') + "\r\n").starts_with("500 5.5.2"));
}

TEST(SmtpSession, TakesAHundredOfAThousandRecipients) {
    SmtpRig rig;
    for (int i = 0; i < 1000; ++i) {
        const std::string address = fmt::format("user{}@example.org", i);
        rig.environment.directory.entries[address] = {
            ResolutionStatus::ok,
            {{.account_id = 1000U + static_cast<unsigned>(i), .address = address}}};
    }
    rig.greet();
    std::string commands = "HELO client.example\r\nMAIL FROM:<a@elsewhere.example>\r\n";
    for (int i = 0; i < 1000; ++i) commands += fmt::format("RCPT TO:<user{}@example.org>\r\n", i);
    const std::string said = rig.send(commands + "DATA\r\n");
    size_t taken = 0;
    size_t put_off = 0;
    for (size_t at = 0; (at = said.find("250 2.1.5", at)) != std::string::npos; ++at) ++taken;
    for (size_t at = 0; (at = said.find("452 4.5.3", at)) != std::string::npos; ++at) ++put_off;
    EXPECT_EQ(taken, 100U);
    EXPECT_EQ(put_off, 900U);
    EXPECT_TRUE(last_line(said).starts_with("354 "));
    EXPECT_TRUE(rig.send("\r\n.\r\n").starts_with("250 2.0.0"));
    EXPECT_EQ(rig.environment.messages.messages[0].envelope.recipients.size(), 100U);
}

// A client that sends commands and reads no replies does not make us hold them all.
TEST(SmtpSession, AnswersOnlyWhoReads) {
    SmtpOptions options = smtp_options();
    options.idle_commands_max = 1'000'000;
    SmtpRig rig(options);
    rig.greet();
    rig.rig.transport.send_blocked = true;
    std::string commands;
    for (int i = 0; i < 100'000; ++i) commands += "NOOP\r\n";
    rig.send(commands);
    EXPECT_LE(rig.rig.pool.used_octets(), 200'000U);
    rig.rig.advance(61'000);
    EXPECT_EQ(rig.end, storage::StreamEnd::not_read);
}

SmtpOptions login_options() {
    SmtpOptions options = smtp_options(SmtpRole::submission);
    options.tls_required = false;
    return options;
}

// Asks with a token that is wrong, and is told so.
void guess_token(SmtpRig& rig) {
    const std::string said = rig.send("AUTH OAUTHBEARER " +
                                      storage::encode_base64("n,a=ada@example.org,\x01"
                                                             "auth=Bearer wrong\x01\x01") +
                                      "\r\n");
    EXPECT_EQ(said, "334 " + storage::encode_base64(R"({"status":"invalid_token"})") + "\r\n");
}

// RFC 7628 §3.2.3: the client knows it before it answers to that.
TEST(SmtpSession, ATokenThatIsWrongIsALoginThatFailedWhateverIsSaidToIt) {
    const auto expect_failed = [](const SmtpRig& rig, size_t failures) {
        const FakeEnvironment& environment = rig.environment;
        EXPECT_EQ(environment.refused(SmtpRefusal::login_failed), failures);
        EXPECT_EQ(environment.rules.logins_wrong, failures);
        ASSERT_EQ(environment.logins.ended_wrong.size(), failures);
        EXPECT_EQ(environment.logins.ended_wrong.back(), "ada@example.org");
    };
    SmtpOptions options = login_options();
    options.failed_logins_max = 4;
    SmtpRig rig(options);
    rig.start();
    rig.send("EHLO client.example\r\n");
    guess_token(rig);
    EXPECT_EQ(rig.send("AQ==\r\n"), "535 5.7.8 the name or the password is wrong\r\n");
    expect_failed(rig, 1);
    guess_token(rig);
    EXPECT_EQ(rig.send("*\r\n"), "501 5.7.0 you have cancelled it\r\n");
    expect_failed(rig, 2);
    guess_token(rig);
    EXPECT_EQ(rig.send(std::string(20'000, 'x') + "\r\n"), "500 5.5.6 the line is too long\r\n");
    expect_failed(rig, 3);
    rig.send("AUTH OAUTHBEARER\r\n");
    rig.send("*\r\n");
    expect_failed(rig, 3);
    guess_token(rig);
    EXPECT_EQ(rig.send("!\r\n"),
              "501 5.5.2 that is no base64\r\n421 4.7.0 too many logins that failed\r\n");
    expect_failed(rig, 4);
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::protocol);

    SmtpRig gone(options);
    gone.start();
    gone.send("EHLO client.example\r\n");
    guess_token(gone);
    gone.rig.transport.arrive_end();
    gone.rig.transport.run();
    EXPECT_TRUE(gone.has_ended());
    expect_failed(gone, 1);

    SmtpRig late(options);
    late.start();
    late.send("EHLO client.example\r\n");
    guess_token(late);
    EXPECT_TRUE(late.advance(options.command_ms + 1000).starts_with("421 4.4.2 "));
    EXPECT_EQ(late.end, storage::StreamEnd::deadline);
    expect_failed(late, 1);
}

// What the client logged in with is good no more.
TEST(SmtpSession, EndsWithItsLogin) {
    const auto log_in = [](SmtpRig& rig) {
        rig.start();
        rig.send("EHLO client.example\r\n");
        EXPECT_TRUE(rig.send("AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n").starts_with("235"));
        EXPECT_EQ(rig.environment.logins.watched(), 1U);
    };
    const SmtpOptions options = login_options();
    const std::string kEnd = "421 4.7.0 this login is good no more; log in again\r\n";
    SmtpRig waiting(options);
    log_in(waiting);
    const auto end_login = [](SmtpRig& rig) {
        rig.environment.logins.end_all();
        rig.environment.messages.add_gate.open();
        rig.rig.transport.run();
        return rig.rig.transport.take_sent();
    };
    EXPECT_EQ(end_login(waiting), kEnd);
    EXPECT_TRUE(waiting.has_ended());
    EXPECT_EQ(waiting.end, storage::StreamEnd::server);

    // In the middle of a message, of which nothing is left.
    SmtpRig sending(options);
    log_in(sending);
    sending.send("MAIL FROM:<ada@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: ");
    EXPECT_EQ(end_login(sending), kEnd);
    EXPECT_TRUE(sending.has_ended());
    EXPECT_TRUE(sending.environment.messages.messages.empty());
    EXPECT_EQ(sending.environment.messages.under_way, 0U);

    // Commands that have come already are not carried out.
    SmtpRig piped(options);
    log_in(piped);
    piped.environment.messages.add_gate.closed = true;
    piped.send(
        "MAIL FROM:<ada@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nx: y\r\n\r\n.\r\n"
        "MAIL FROM:<ada@example.org>\r\n");
    EXPECT_EQ(last_line(end_login(piped)), kEnd);
    EXPECT_TRUE(piped.environment.messages.messages.empty());

    // Of a session that has gone nothing is kept.
    auto gone = std::make_unique<SmtpRig>(options);
    log_in(*gone);
    gone->send("QUIT\r\n");
    EXPECT_EQ(gone->environment.logins.watched(), 0U);
}

// What was received is the store's only once it has taken it: it may take its time.
TEST(SmtpSession, WaitsForTheStore) {
    SmtpRig rig;
    rig.begin_data();
    FakeStore& store = rig.environment.messages;
    store.add_gate.closed = true;
    std::string body = "Subject: x\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) body += fmt::format("line {}\r\n", i);
    size_t sent = 0;
    std::string said;
    while (sent < body.size()) {
        const size_t piece = std::min<size_t>(5'000, body.size() - sent);
        said += rig.send(std::string_view(body).substr(sent, piece));
        sent += piece;
        EXPECT_LE(rig.rig.pool.used_octets(), 300'000U);
        if (!store.add_gate.is_waited_for()) continue;
        store.add_gate.open();
        rig.rig.transport.run();
        store.add_gate.closed = true;
    }
    said += rig.send(".\r\n");
    EXPECT_EQ(said, "");
    EXPECT_TRUE(store.add_gate.is_waited_for());
    store.add_gate.open();
    rig.rig.transport.run();
    said += rig.rig.transport.take_sent();
    EXPECT_TRUE(said.starts_with("250 2.0.0 ")) << said;
    ASSERT_EQ(store.messages.size(), 1U);
    EXPECT_TRUE(same_octets(store.messages[0].octets.substr(store.messages[0].prefix), body));
    EXPECT_LE(store.largest_piece, 64U << 10);
}

TEST(SmtpSession, ForgetsWhatIsTooLarge) {
    SmtpOptions options = smtp_options();
    options.message_octets_max = 100'000;
    SmtpRig rig(options);
    rig.begin_data();
    const std::string line = std::string(998, 'x') + "\r\n";
    std::string said;
    for (int i = 0; i < 150; ++i) said += rig.send(line);
    EXPECT_EQ(said, "");
    EXPECT_EQ(rig.environment.messages.under_way, 0U);
    EXPECT_LE(rig.rig.pool.used_octets(), 100'000U);
    EXPECT_EQ(rig.send(".\r\n"), "552 5.3.4 a message may have 100000 octets, not more\r\n");
    // Nobody reads on for ever.
    rig.send("MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n");
    for (int i = 0; i < 300 && !rig.has_ended(); ++i) said += rig.send(line);
    EXPECT_EQ(said, "552 5.3.4 a message may have 100000 octets, not more\r\n");
    EXPECT_TRUE(rig.has_ended());
}

TEST(SmtpSession, KeepsWhatMailAndRcptSaid) {
    SmtpRig rig;
    rig.environment.scans = true;
    rig.greet();
    rig.send("EHLO client.example\r\n");
    const std::string said = rig.send(
        "MAIL FROM:<A@Elsewhere.example> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=q+2Bq\r\n"
        "RCPT TO:<Info@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Info+2Bx@example.org\r\n"
        "DATA\r\n");
    EXPECT_TRUE(last_line(said).starts_with("354 ")) << said;
    rig.send("Subject: spam\r\n\r\n.\r\n");
    ASSERT_EQ(rig.environment.messages.messages.size(), 1U);
    const StoredMessage& message = rig.environment.messages.messages[0];
    const storage::Envelope& envelope = message.envelope;
    EXPECT_EQ(envelope.id.text(), "0192f0c4-7b1e-7000-8000-000000000001");
    EXPECT_EQ(envelope.received_us, 1'795'288'214'000'000);
    EXPECT_EQ(envelope.reverse_path, "A@Elsewhere.example");
    EXPECT_EQ(envelope.body, storage::BodyKind::eight_bit_mime);
    EXPECT_TRUE(envelope.smtputf8);
    EXPECT_EQ(envelope.envid, "q+q");
    EXPECT_EQ(envelope.dsn_return, storage::DsnReturn::headers);
    EXPECT_EQ(envelope.client, "192.0.2.1");
    EXPECT_EQ(envelope.helo, "client.example");
    EXPECT_EQ(envelope.session, "3f1a5c00000001");
    EXPECT_EQ(envelope.score, 7);
    EXPECT_EQ(envelope.rules, (std::vector<std::string>{"words.spam", "list with a space"}));
    ASSERT_EQ(envelope.recipients.size(), 2U);
    const storage::EnvelopeRecipient ada{.address = "Info@example.org",
                                         .original = "rfc822;Info+x@example.org",
                                         .notify = storage::kNotifySuccess | storage::kNotifyDelay,
                                         .account_id = 1,
                                         .target = "ada@example.org",
                                         .folder = "\\Junk"};
    EXPECT_EQ(envelope.recipients[0], ada);
    // What is delivered is told with the prefix that the scanner did not see.
    ASSERT_EQ(rig.environment.delivered.size(), 1U);
    const DeliveryFacts& facts = rig.environment.delivered[envelope.id];
    EXPECT_EQ(facts.message_id, std::to_string(message.prefix));
    EXPECT_EQ(facts.subject, message.octets.substr(message.prefix));
    EXPECT_EQ(rig.environment.counts.messages[static_cast<size_t>(SmtpRole::mx)], 1U);
    EXPECT_EQ(rig.environment.counts.recipients, 1U);
}

TEST(SmtpSession, BoundsTheMailboxesOfAMessage) {
    SmtpRig rig;
    for (int list = 0; list < 3; ++list) {
        AddressResolution& entry =
            rig.environment.directory.entries[fmt::format("list{}@example.org", list)];
        entry.status = ResolutionStatus::ok;
        for (unsigned i = 0; i < 4000; ++i)
            entry.targets.push_back({.account_id = 10'000U * static_cast<unsigned>(list + 1) + i});
    }
    rig.greet();
    const std::string said = rig.send(
        "HELO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<list0@example.org>\r\n"
        "RCPT TO:<list1@example.org>\r\nRCPT TO:<list2@example.org>\r\nRCPT "
        "TO:<ada@example.org>\r\n");
    EXPECT_NE(said.find("452 4.5.3 too many mailboxes"), std::string::npos) << said;
    EXPECT_EQ(last_line(said), "250 2.1.5 recipient ok\r\n");
}

// Whenever the connection breaks, nothing is left of it, and nothing is stored but what was said to
// be.
TEST(SmtpSession, MayBreakAnywhere) {
    const std::string conversation =
        "EHLO client.example\r\nMAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<ada@example.org>\r\n"
        "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\n"
        "BDAT 4\r\nA: bBDAT 4 LAST\r\n\r\n\r\nQUIT\r\n";
    for (size_t events = 0; events < 60; ++events) {
        SmtpRig rig;
        rig.rig.transport.receive_max = 9;
        rig.rig.transport.events_until_reset = events;
        rig.start();
        const std::string said = rig.send(conversation);
        size_t promised = 0;
        for (size_t at = 0; (at = said.find("accepted as", at)) != std::string::npos; ++at)
            ++promised;
        EXPECT_GE(rig.environment.messages.messages.size(), promised);
        EXPECT_EQ(rig.environment.messages.under_way, 0U) << events;
        EXPECT_TRUE(rig.rig.closed) << events;
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U) << events;
    }
}

TEST(SmtpSession, EndsWhereThereIsNoMemory) {
    SmtpRig rig(smtp_options(), size_t{200} << 10);
    rig.greet();
    std::vector<Chunk*> taken;
    while (Chunk* chunk = rig.rig.pool.take(1)) taken.push_back(chunk);
    rig.send("NOOP\r\n");
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::no_memory);
    for (Chunk* chunk : taken) rig.rig.pool.give(chunk);
}

}  // namespace

}  // namespace gatepost::tests
