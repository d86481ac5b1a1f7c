#include "bench/micro/tls_bench_server.h"

#include <openssl/aead.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pool.h>

#include <algorithm>
#include <array>
#include <string>

#include "dataplane/tls/self_signed.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"
#include "storage/directory/tls_identity.h"

namespace gatepost::bench {

namespace {

constexpr int64_t kNow = 1'893'456'000;
constexpr int64_t kYear = 365 * 24 * 3600;
constexpr size_t kRoom = 16384;

dataplane::SelfSigned make_certificate() {
    auto made = dataplane::make_self_signed({"www.example.org"}, kNow - 1, kNow + kYear);
    GATEPOST_CHECK(made.has_value());
    return std::move(*made);
}

std::vector<uint8_t> seal(Bytes secret, const storage::SealingKey& key) {
    constexpr std::string_view kMagic = "GPS1";
    const std::vector<uint8_t> nonce(storage::kSealingNonceSize);
    std::vector<uint8_t> out(storage::kSealedHeaderSize + secret.size() + storage::kSealingTagSize);
    std::copy(key.id.begin(), key.id.end(), std::copy(kMagic.begin(), kMagic.end(), out.begin()));
    bssl::ScopedEVP_AEAD_CTX aead;
    size_t length = 0;
    const std::string_view purpose = storage::kSealedCertificateKey;
    GATEPOST_CHECK(EVP_AEAD_CTX_init(aead.get(), EVP_aead_aes_256_gcm(), key.key.data(),
                                     key.key.size(), storage::kSealingTagSize, nullptr) == 1 &&
                   EVP_AEAD_CTX_seal(aead.get(), out.data() + storage::kSealedHeaderSize, &length,
                                     out.size() - storage::kSealedHeaderSize, nonce.data(),
                                     nonce.size(), secret.data(), secret.size(),
                                     reinterpret_cast<const uint8_t*>(purpose.data()),
                                     purpose.size()) == 1);
    return out;
}

}  // namespace

struct SessionSide::Directory {
    storage::Qsbr qsbr;
    std::unique_ptr<storage::DirectoryWriter> writer;
    std::unique_ptr<storage::DirectoryView> view;
};

SessionSide::SessionSide() : directory_(std::make_unique<Directory>()) {
    auto keys = storage::KeyRing::parse("0102030405060708 " + std::string(64, '7') + "\n");
    auto own = dataplane::SelfSignedIdentity::create("", kNow);
    auto segment = storage::Segment::create("tls-bench", size_t{4} << 20);
    GATEPOST_CHECK(keys && own && segment);
    keys_ = std::move(*keys);
    sealing_keys_.set(keys_);
    self_signed_ = std::move(*own);
    auto writer = storage::DirectoryWriter::create(std::move(*segment), directory_->qsbr, 1);
    GATEPOST_CHECK(writer.has_value());
    directory_->writer = std::move(*writer);

    const dataplane::SelfSigned certificate = make_certificate();
    const std::vector<uint8_t> sealed = seal(certificate.key, *keys_.sealing());
    storage::TlsIdentity identity;
    identity.candidates.push_back({.type = storage::CertificateType::live,
                                   .key_type = storage::KeyType::ecdsa,
                                   .not_before_s = kNow - 1,
                                   .not_after_s = kNow + kYear,
                                   .chain = {certificate.certificate},
                                   .sealed_key = sealed});
    const std::vector<uint8_t> octets = storage::encode_tls_identity(identity);
    GATEPOST_CHECK(
        directory_->writer->put(storage::EntryKind::tls_identity, "www.example.org", octets)
            .has_value());
    directory_->writer->publish({});
    directory_->view = std::make_unique<storage::DirectoryView>(directory_->writer->view());
    identities_ = std::make_unique<dataplane::DirectoryIdentities>(
        dataplane::DirectoryIdentitiesOptions{
            .directory =
                [this] {
                    return dataplane::DirectoryNow{directory_->view.get(), 1};
                },
            .clock_s = [] { return kNow; },
            .report = [](std::string_view, const Error&) { GATEPOST_CHECK(false); }},
        sealing_keys_, *self_signed_, counters_);
    auto context = dataplane::TlsContext::create({}, *identities_, tickets_);
    GATEPOST_CHECK(context.has_value());
    context_ = std::move(*context);
}

SessionSide::~SessionSide() = default;

size_t SessionServer::read_all(Bytes ciphertext) {
    session_->feed(ciphertext);
    std::array<uint8_t, kRoom> room;
    size_t total = 0;
    size_t length = 0;
    while (session_->read(room, length) == dataplane::TlsStatus::done) total += length;
    return total;
}

RawSide::RawSide() : context_(SSL_CTX_new(TLS_with_buffers_method())) {
    const dataplane::SelfSigned certificate = make_certificate();
    bssl::UniquePtr<CRYPTO_BUFFER> buffer(
        CRYPTO_BUFFER_new(certificate.certificate.data(), certificate.certificate.size(), nullptr));
    CBS cbs;
    CBS_init(&cbs, certificate.key.data(), certificate.key.size());
    bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&cbs));
    CRYPTO_BUFFER* chain[] = {buffer.get()};
    GATEPOST_CHECK(SSL_CTX_set_chain_and_key(context_, chain, 1, key.get(), nullptr) == 1);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
}

void RawServer::open(RawSide& side) {
    ssl_ = SSL_new(side.context());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_accept_state(ssl_);
}

bool RawServer::advance(Bytes octets) {
    BIO_write(in_, octets.data(), static_cast<int>(octets.size()));
    const bool done = SSL_do_handshake(ssl_) == 1;
    ERR_clear_error();
    return done;
}

size_t RawServer::read_all(Bytes ciphertext) {
    BIO_write(in_, ciphertext.data(), static_cast<int>(ciphertext.size()));
    std::array<uint8_t, kRoom> room;
    size_t total = 0;
    for (;;) {
        const int length = SSL_read(ssl_, room.data(), room.size());
        if (length <= 0) break;
        total += static_cast<size_t>(length);
    }
    ERR_clear_error();
    return total;
}

std::vector<uint8_t> RawServer::take() {
    const uint8_t* octets = nullptr;
    size_t length = 0;
    BIO_mem_contents(out_, &octets, &length);
    std::vector<uint8_t> taken(octets, octets + length);
    BIO_reset(out_);
    return taken;
}

void RawServer::discard() {
    BIO_reset(out_);
}

}  // namespace gatepost::bench
