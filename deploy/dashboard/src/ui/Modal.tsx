// A dialog in the middle of the screen, which closes by itself when what it asks for is done.
import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { useTranslation } from "../i18n";
import { Icon } from "./icons";
import { ProblemNote } from "./Problem";
import "./modal.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

export function Modal({ title, onClose, children }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="modal">
          <div className="spread">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="button square quiet" aria-label={t("common.close")}>
              <Icon name="close" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface ConfirmProps {
  title: string;
  detail: string;
  action: string;
  problem: unknown;
  isBusy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, detail, action, problem, isBusy, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Modal title={title} onClose={onClose}>
      <p className="muted">{detail}</p>
      <ProblemNote error={problem} />
      <div className="row modal-actions">
        <button className="button" type="button" onClick={onClose}>
          {t("common.cancel")}
        </button>
        <button className="button danger-fill" type="button" disabled={isBusy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Modal>
  );
}
