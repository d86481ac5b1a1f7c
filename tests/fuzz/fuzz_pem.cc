// What a person imports: certificates and keys in PEM. A chain that is taken is the same again when
// it is written and read; nothing of a key is left in it.
#include <algorithm>
#include <string>
#include <string_view>

#include "controlplane/certificate/chain.h"
#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/pem.h"
#include "controlplane/certificate/private_key.h"
#include "controlplane/model/host_name.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::controlplane;

namespace {

void check_blocks(std::string_view text) {
    const auto blocks = read_pem(text);
    if (!blocks) return;
    for (const PemBlock& block : *blocks) {
        if (!block.problem.empty()) continue;
        const auto again = read_pem(write_pem(block.label, block.der.bytes()));
        GATEPOST_CHECK(again && again->size() == 1 && again->front().problem.empty());
        const Bytes before = block.der.bytes(), after = again->front().der.bytes();
        GATEPOST_CHECK(std::equal(before.begin(), before.end(), after.begin(), after.end()));
    }
}

void check_chain(const CertificateChain& chain) {
    GATEPOST_CHECK(!chain.der.empty() && chain.der.size() <= storage::kChainMax);
    const std::string pem = chain_to_pem(chain);
    GATEPOST_CHECK(pem.find("PRIVATE KEY") == std::string::npos);
    const auto again = chain_from_pem(pem);
    GATEPOST_CHECK(again && again->der == chain.der);
    GATEPOST_CHECK(again->leaf.fingerprint == chain.leaf.fingerprint);
    for (const std::string& name : chain.leaf.names) GATEPOST_CHECK(is_host_name(name));
    (void)check_certificate(chain, "example.org", 1'800'000'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_blocks(text);
    const auto chain = chain_from_pem(text);
    if (chain)
        check_chain(*chain);
    else
        GATEPOST_CHECK(!chain.error().message.empty());
    const auto key = PrivateKey::from_pem(text);
    if (key) {
        const auto again = PrivateKey::from_pem(key->to_pem());
        GATEPOST_CHECK(again && again->type() == key->type());
        if (chain) (void)check_key_matches(*chain, *key);
    }
    // The same octets as an OCSP response, where there is a chain to go with them.
    if (chain && chain->der.size() > 1) (void)check_ocsp_response(*chain, {data, size}, 0);
    return 0;
}
