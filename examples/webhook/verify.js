const crypto = require('node:crypto')

// verify says whether a body (a Buffer, as it came) has a valid Matchq-Signature.
function verify(secret, signature, body, now = Date.now() / 1000) {
  const { t, v1 } = Object.fromEntries(signature.split(',').map((part) => part.split('=')))
  if (!(Math.abs(now - Number(t)) <= 300)) return false
  const want = crypto.createHmac('sha256', secret).update(`${t}.`).update(body).digest()
  const got = Buffer.from(v1 ?? '', 'hex')
  return got.length === want.length && crypto.timingSafeEqual(got, want)
}

module.exports = { verify }
