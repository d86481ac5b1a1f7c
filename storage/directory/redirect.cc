// The form in the arena: the code in 2 octets, big-endian; 1 where the path is kept, else 0; the
// URL.
#include "storage/directory/redirect.h"

namespace gatepost::storage {

bool is_redirect_code(int code) {
    return code == 301 || code == 302 || code == 307 || code == 308;
}

std::vector<uint8_t> encode_redirect(const Redirect& redirect) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u16(redirect.code);
    out.u8(redirect.keep_path ? 1 : 0);
    out.bytes({reinterpret_cast<const uint8_t*>(redirect.url.data()), redirect.url.size()});
    return octets;
}

Result<Redirect> decode_redirect(Bytes octets) {
    ByteReader in(octets);
    Redirect redirect;
    redirect.code = in.u16();
    const uint8_t keep_path = in.u8();
    redirect.keep_path = keep_path == 1;
    const Bytes url = in.bytes(in.left());
    redirect.url = {reinterpret_cast<const char*>(url.data()), url.size()};
    if (!in.ok() || keep_path > 1 || url.empty() || !is_redirect_code(redirect.code))
        return fail(ErrorCode::invalid,
                    "the redirect of {} octets is not one: the directory is damaged",
                    octets.size());
    return redirect;
}

}  // namespace gatepost::storage
