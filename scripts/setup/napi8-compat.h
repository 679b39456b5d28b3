// Force-included when better-sqlite3 13 is compiled for a runtime
// whose Node-API is older than 10 (Node 20: 9, Electron 25 / Node 18.15: 8).
// better-sqlite3 13 uses no v9/v10 *function*; it only relies on the v10 rule
// that napi_create_reference accepts primitives (Reference<String>, Reference<Value>).
#if defined(__cplusplus)
#undef NAPI_VERSION
#define NAPI_VERSION 8
#include <napi.h>
#include <string>
namespace Napi {
using AnyValue = Value;  // the class below has a member called Value

// Strings: keep the UTF-8 text, make a new JS string on demand (runs no JS).
template <> class Reference<String> {
 public:
  static Reference<String> New(const String& v, uint32_t = 0) {
    Reference<String> r;
    if (!v.IsEmpty()) { r._env = v.Env(); r._set = true; r._s = v.Utf8Value(); }
    return r;
  }
  Reference() = default;
  Reference(Reference<String>&&) = default;
  Reference<String>& operator=(Reference<String>&&) = default;
  Reference(const Reference<String>&) = delete;
  Reference<String>& operator=(const Reference<String>&) = delete;
  Napi::Env Env() const { return Napi::Env(_env); }
  bool IsEmpty() const { return !_set; }
  String Value() const { return _set ? String::New(_env, _s) : String(_env, nullptr); }
 private:
  napi_env _env = nullptr;
  bool _set = false;
  std::string _s;
};

// Any value: hold it in element 0 of a referenced one-element array.
// All-zero memory is a valid empty reference (better-sqlite3 needs that).
template <> class Reference<AnyValue> {
 public:
  static Reference<AnyValue> New(const AnyValue& v, uint32_t rc = 0) { Reference<AnyValue> r; r.Reset(v, rc); return r; }
  Reference() = default;
  ~Reference() { Reset(); }
  Reference(Reference<AnyValue>&& o) : _env(o._env), _ref(o._ref) { o._ref = nullptr; }
  Reference<AnyValue>& operator=(Reference<AnyValue>&& o) {
    if (this != &o) { Reset(); _env = o._env; _ref = o._ref; o._ref = nullptr; }
    return *this;
  }
  Reference(const Reference<AnyValue>&) = delete;
  Reference<AnyValue>& operator=(const Reference<AnyValue>&) = delete;
  Napi::Env Env() const { return Napi::Env(_env); }
  bool IsEmpty() const { return _ref == nullptr; }
  AnyValue Value() const {
    if (_ref == nullptr) return AnyValue(_env, nullptr);
    napi_value box, v;
    if (napi_get_reference_value(_env, _ref, &box) != napi_ok || box == nullptr ||
        napi_get_element(_env, box, 0, &v) != napi_ok) return AnyValue(_env, nullptr);
    return AnyValue(_env, v);
  }
  void Reset() { if (_ref != nullptr) { napi_delete_reference(_env, _ref); _ref = nullptr; } }
  void Reset(const AnyValue& v, uint32_t = 0) {
    Reset();
    _env = v.Env();
    if (v.IsEmpty()) return;
    napi_value box;
    if (napi_create_array_with_length(_env, 1, &box) != napi_ok) return;
    if (napi_set_element(_env, box, 0, v) != napi_ok) return;
    napi_create_reference(_env, box, 1, &_ref);
  }
 private:
  napi_env _env = nullptr;
  napi_ref _ref = nullptr;
};
}  // namespace Napi
#endif
