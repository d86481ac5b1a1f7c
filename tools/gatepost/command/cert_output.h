// How certificates are shown, and what the verbs of `gatepost cert` share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controlplane/model/certificate.h"
#include "storage/base/error.h"
#include "storage/secret/sealed.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

inline constexpr OptionSpec kCertTypeOption = {"--type", "TYPE", "live, staged or self-signed"};
inline constexpr OptionSpec kCertKeyTypeOption = {"--key-type", "KIND",
                                                  "ecdsa, ed25519 or rsa, where there are several"};

// DOMAIN, --type and --key-type; a filter for all where DOMAIN is not given.
Result<controlplane::CertificateFilter> certificate_filter(const Arguments& arguments);

nlohmann::ordered_json certificate_json(const controlplane::CertificateInfo& certificate);
nlohmann::ordered_json certificates_json(
    const std::vector<controlplane::CertificateInfo>& certificates);
std::string certificate_table(const std::vector<controlplane::CertificateInfo>& certificates);
// All about one, a line for each fact.
std::string certificate_text(const controlplane::CertificateInfo& certificate);
// "dns, https", "all services", "nobody".
std::string users_text(const std::vector<std::string>& services);

// What was put in the place of what, after waiting for the edge.
void report_certificates(Context& context, const Arguments& arguments,
                         const controlplane::CertificateResult& result,
                         const std::vector<std::string>& warnings = {});

// The keys that private keys are sealed with; made where there are none. A dry run makes none, and
// gets one that is thrown away.
Result<storage::KeyRing> sealing_keys(Context& context);

}  // namespace gatepost::tools
