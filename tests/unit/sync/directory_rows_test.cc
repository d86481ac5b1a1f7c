// The tables of the directory in the replication stream.
#include "controlplane/sync/directory_rows.h"

#include <gtest/gtest.h>

#include "controlplane/sync/transaction_decoder.h"
#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

constexpr RelationId kRelation = 200;

Octets tuple(uint16_t columns, const std::function<void(MessageBuilder&)>& fill) {
    MessageBuilder builder('\0');
    builder.u16(columns);
    fill(builder);
    return {builder.octets().begin() + 1, builder.octets().end()};
}

Octets certificates_relation() {
    return relation_message(kRelation, "gatepost", "certificates",
                            {"names", "id", "not_after", "domain", "type", "key_type", "sealed_key",
                             "chain", "ocsp_response"});
}

class DirectoryRowsTest : public ::testing::Test {
  protected:
    // The changes of a transaction with these messages.
    std::span<const DirectoryChange> commit(std::initializer_list<Octets> messages) {
        feed(begin_message());
        for (const Octets& message : messages) feed(message);
        feed(commit_message());
        return decoder.batch().directory();
    }
    void feed(const Octets& message) {
        const auto complete = decoder.feed(message);
        ASSERT_TRUE(complete.has_value()) << complete.error().message;
    }

    TransactionDecoder decoder;
};

TEST_F(DirectoryRowsTest, Certificates) {
    const Octets names = text_array({"example.org", "www.example.org"});
    const Octets whole = tuple(9, [&](MessageBuilder& b) {
        b.binary(names).int8(7).int8(0).binary("example.org").binary("live").binary("ecdsa");
        b.binary(Octets{1, 2}).binary("PEM").u8('n');
    });
    const Octets partial = tuple(9, [&](MessageBuilder& b) {
        b.u8('u').int8(7).int8(0).binary("example.org").binary("staged").binary("ecdsa");
        b.u8('u').u8('u').u8('u');
    });
    const Octets key = tuple(9, [&](MessageBuilder& b) {
        b.u8('n').int8(7);
        for (int i = 0; i < 7; ++i) b.u8('n');
    });
    const auto changes =
        commit({certificates_relation(), row_message('I', kRelation, 'N', whole),
                row_message('U', kRelation, 'N', partial), row_message('D', kRelation, 'K', key)});
    ASSERT_EQ(changes.size(), 3u);
    EXPECT_EQ(decoder.batch().size(), 3u);
    EXPECT_GT(decoder.batch().size_bytes(), 3 * sizeof(DirectoryChange));
    const auto& first = std::get<CertificateRow>(changes[0]);
    EXPECT_EQ(first.id, 7);
    EXPECT_EQ(first.domain, "example.org");
    EXPECT_EQ(first.chain, "PEM");
    EXPECT_EQ(first.sealed_key, (std::vector<uint8_t>{1, 2}));
    EXPECT_EQ(first.ocsp_response, std::vector<uint8_t>());
    EXPECT_EQ(first.names, (std::vector<std::string>{"example.org", "www.example.org"}));
    const auto& second = std::get<CertificateRow>(changes[1]);
    EXPECT_EQ(second.type, "staged");
    EXPECT_FALSE(second.chain || second.sealed_key || second.ocsp_response || second.names);
    EXPECT_EQ(std::get<CertificateKey>(changes[2]).id, 7);
}

TEST_F(DirectoryRowsTest, PinsRedirectsAndChallenges) {
    const auto pin = [](std::string_view service, std::string_view type) {
        return tuple(3, [&](MessageBuilder& b) {
            b.binary(service).binary("example.org");
            type.empty() ? b.u8('n') : b.binary(type);
        });
    };
    // The key changed: the old one comes along.
    Octets moved = row_message('U', kRelation, 'K', pin("dns", ""));
    moved.push_back('N');
    const Octets to = pin("*", "live");
    moved.insert(moved.end(), to.begin(), to.end());
    auto changes = commit({relation_message(kRelation, "gatepost", "service_certificates",
                                            {"service", "domain", "type"}),
                           row_message('I', kRelation, 'N', pin("dns", "staged")), moved});
    ASSERT_EQ(changes.size(), 3u);
    EXPECT_EQ(std::get<PinRow>(changes[0]).type, "staged");
    EXPECT_EQ(std::get<PinKey>(changes[1]), (PinKey{"dns", "example.org"}));
    EXPECT_EQ(std::get<PinRow>(changes[2]).key.service, "*");

    const Octets redirect = tuple(4, [](MessageBuilder& b) {
        b.binary(Octets{1}).int4(307).binary("https://x/").binary("host.example");
    });
    changes = commit({relation_message(kRelation + 1, "gatepost", "redirects",
                                       {"keep_path", "code", "url", "host"}),
                      row_message('I', kRelation + 1, 'N', redirect)});
    ASSERT_EQ(changes.size(), 1u);
    const auto& row = std::get<RedirectRow>(changes[0]);
    EXPECT_EQ(row.key.host, "host.example");
    EXPECT_EQ(row.url, "https://x/");
    EXPECT_EQ(row.code, 307);
    EXPECT_TRUE(row.keep_path);

    const Octets challenge = tuple(3, [](MessageBuilder& b) {
        b.binary("host.example").binary("token").binary("token.thumb");
    });
    changes = commit({relation_message(kRelation + 2, "gatepost", "acme_challenges",
                                       {"host", "token", "key_authorization"}),
                      row_message('I', kRelation + 2, 'N', challenge),
                      row_message('D', kRelation + 2, 'K', challenge)});
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(std::get<ChallengeRow>(changes[0]).key_authorization, "token.thumb");
    EXPECT_EQ(std::get<ChallengeKey>(changes[1]), (ChallengeKey{"host.example", "token"}));
}

TEST_F(DirectoryRowsTest, BadRowsAreNamed) {
    const std::string_view names[] = {"host", "url", "code", "keep_path"};
    const auto columns = RedirectColumns::resolve(names).value();
    const Octets text = {'x'};
    const Octets code = {0, 0, 1, 0x33};
    const Octets flag = {1};
    TupleField fields[] = {{text, FieldKind::binary},
                           {text, FieldKind::binary},
                           {code, FieldKind::binary},
                           {flag, FieldKind::binary}};
    EXPECT_TRUE(columns.row(fields).has_value());
    fields[3].bytes = code;
    EXPECT_NE(columns.row(fields).error().message.find("keep_path is not a boolean"),
              std::string::npos);
    // What was not sent comes with a load.
    fields[1] = {{}, FieldKind::unchanged};
    EXPECT_EQ(columns.row(fields).error().code, ErrorCode::conflict);
    fields[1] = {{}, FieldKind::null};
    EXPECT_EQ(columns.row(fields).error().code, ErrorCode::invalid);
    const auto missing = CertificateColumns::resolve(names);
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::schema);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
